// Memory to compose one RDATA in. Kept and used again, as a zone file composes millions.

/** Longest RDATA kept: a record of this size still fits into one TCP message with its owner and the question. */
export const MAX_RDATA_BYTES = 65_000;

/** A growing run of octets with a fixed most. What is beyond it is counted and not kept, so that one check at the end is enough. */
export class Octets {
  /** Valid up to {@link length}, if {@link fits}. */
  readonly bytes: Buffer;
  length = 0;

  constructor(capacity: number = MAX_RDATA_BYTES) {
    this.bytes = Buffer.allocUnsafeSlow(capacity);
  }

  get fits(): boolean {
    return this.length <= this.bytes.length;
  }

  u8(value: number): void {
    this.bytes[this.length++] = value;
  }

  u16(value: number): void {
    this.u8(value >>> 8);
    this.u8(value & 0xff);
  }

  u32(value: number): void {
    this.u16(value >>> 16);
    this.u16(value & 0xffff);
  }

  append(octets: Uint8Array): void {
    const room = Math.max(0, this.bytes.length - this.length);
    this.bytes.set(octets.length > room ? octets.subarray(0, room) : octets, this.length);
    this.length += octets.length;
  }

  /** Appends `source[start..end)`. */
  appendFrom(source: Buffer, start: number, end: number): void {
    copyOctets(source, start, end, this.bytes, this.length);
    this.length += end - start;
  }

  /** A copy of what was composed, or undefined if it was too much. */
  copy(): Buffer | undefined {
    return this.fits ? Buffer.from(this.bytes.subarray(0, this.length)) : undefined;
  }
}

/** Below this a loop is faster than the call of a native function. */
const SHORT = 24;

/** Copies `source[start..end)` to `at` of `target`, as far as there is room. */
export function copyOctets(
  source: Buffer,
  start: number,
  end: number,
  target: Buffer,
  at = 0,
): void {
  if (end - start > SHORT) source.copy(target, at, start, end);
  else for (let from = start, to = at; from < end; ) target[to++] = source[from++] ?? 0;
}
