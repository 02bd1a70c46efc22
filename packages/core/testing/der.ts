/** Writes DER, the binary form of certificates (ITU-T X.690): each value is a tag, a length and the content. */

/** One value with its tag; a list is joined. */
export function der(tag: number, content: Uint8Array | readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content instanceof Uint8Array ? [content] : content);
  return Buffer.concat([Buffer.from([tag]), length(body.length), body]);
}

export function sequence(...items: readonly Uint8Array[]): Buffer {
  return der(0x30, items);
}

export function set(...items: readonly Uint8Array[]): Buffer {
  return der(0x31, items);
}

export function octets(content: Uint8Array): Buffer {
  return der(0x04, content);
}

export function utf8(text: string): Buffer {
  return der(0x0c, Buffer.from(text));
}

/** A number from 0 to 2^31-1. */
export function integer(value: number): Buffer {
  const bytes = [value & 0xff];
  for (let rest = value >>> 8; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
  // The first bit is the sign.
  if ((bytes[0] ?? 0) > 0x7f) bytes.unshift(0);
  return der(0x02, Buffer.from(bytes));
}

/** Whole bytes as a BIT STRING, or flags with the last `unused` bits left out. */
export function bits(content: Uint8Array, unused = 0): Buffer {
  return der(0x03, [Buffer.from([unused]), content]);
}

export const yes: Buffer = der(0x01, Buffer.from([0xff]));

/** An object identifier, as `2.5.29.17`. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** A moment, with the two-digit year up to 2049 that RFC 5280 §4.1.2.5 asks for. */
export function time(epochMs: number): Buffer {
  const digits = new Date(epochMs).toISOString().replace(/\.\d+|[-:T]/g, '');
  const isShort = digits >= '1950' && digits < '2050';
  return isShort ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
}

function length(bytes: number): Buffer {
  if (bytes < 0x80) return Buffer.from([bytes]);
  if (bytes < 0x100) return Buffer.from([0x81, bytes]);
  return Buffer.from([0x82, bytes >> 8, bytes & 0xff]);
}

/** Seven bits a byte, all but the last marked. */
function base128(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}
