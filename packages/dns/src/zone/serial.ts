// Serial number arithmetic (RFC 1982).

/** True if `serial` is after `other`. Two serials exactly half the circle apart are in no order. */
export function isSerialAfter(serial: number, other: number): boolean {
  return serial !== other && (serial - other) >>> 0 < 0x8000_0000;
}

/** The serial after this one. 0 is skipped, as some secondaries take it for "none". */
export function nextSerial(serial: number): number {
  const next = (serial + 1) >>> 0;
  return next === 0 ? 1 : next;
}
