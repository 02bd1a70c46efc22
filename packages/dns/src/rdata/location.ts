// Where something is on Earth (RFC 1876): sixteen octets, and text such as `52 22 23.000 N 4 53 32.000 E -2.00m 0.00m`.
import type { Field } from './field.ts';
import type { Octets } from './octets.ts';
import type { Words } from './words.ts';

const BYTES = 16;
/** The equator and the prime meridian, in thousandths of a second of arc. */
const MIDDLE = 2 ** 31;
const DEGREE = 3_600_000;
/** Altitudes begin 100 km below the reference spheroid; in centimetres. */
const BASE_ALTITUDE = 10_000_000;
const MAX_ALTITUDE = 2 ** 32 - 1 - BASE_ALTITUDE;
const MAX_SIZE = 9_000_000_000;
/** Size 1 m, horizontal precision 10,000 m, vertical precision 10 m (§3). */
const defaultPrecisions = [0x12, 0x16, 0x13] as const;

/** The whole data of LOC. */
export const location: Field = {
  end: (wire, at) => {
    if (at + BYTES !== wire.length || wire[at] !== 0) return -1;
    const sizes = [1, 2, 3].map((index) => wire[at + index] ?? 0);
    if (!sizes.every((size) => size >> 4 <= 9 && (size & 15) <= 9)) return -1;
    const latitude = Math.abs(wire.readUInt32BE(at + 4) - MIDDLE);
    const longitude = Math.abs(wire.readUInt32BE(at + 8) - MIDDLE);
    return latitude <= 90 * DEGREE && longitude <= 180 * DEGREE ? wire.length : -1;
  },
  print: (wire, at) => {
    const altitude = wire.readUInt32BE(at + 12) - BASE_ALTITUDE;
    // Nothing times a power of ten is nothing, but other octets.
    const sizes = [1, 2, 3].map((index) => wire[at + index] ?? 0);
    if (sizes.some((size) => size > 0 && size < 16)) return undefined;
    return [
      formatAngle(wire.readUInt32BE(at + 4), 'N', 'S'),
      formatAngle(wire.readUInt32BE(at + 8), 'E', 'W'),
      formatMetres(altitude),
      ...sizes.map((size) => formatMetres(precisionOf(size))),
    ].join(' ');
  },
  parse: (words, out) => {
    const latitude = readAngle(words, 90, 'N', 'S');
    const longitude = readAngle(words, 180, 'E', 'W');
    const altitude = readMetres(words, -BASE_ALTITUDE, MAX_ALTITUDE);
    const precisions = defaultPrecisions.map((fallback) =>
      words.more ? encodePrecision(readMetres(words, 0, MAX_SIZE)) : fallback,
    );
    out.u8(0);
    for (const precision of precisions) out.u8(precision);
    writeNumbers(out, [latitude, longitude, altitude + BASE_ALTITUDE]);
  },
};

function writeNumbers(out: Octets, numbers: readonly number[]): void {
  for (const number of numbers) out.u32(number);
}

/** `d [m [s[.fff]]] N|S`. */
function readAngle(words: Words, most: number, plus: string, minus: string): number {
  const parts: number[] = [];
  for (;;) {
    words.take();
    const text = words.text();
    const direction = text.toUpperCase();
    if (parts.length > 0 && (direction === plus || direction === minus)) {
      const [degrees = 0, minutes = 0, seconds = 0] = parts;
      const angle = degrees * DEGREE + minutes * 60_000 + seconds;
      if (angle > most * DEGREE) words.fail(`an angle here is at most ${most} degrees`);
      return MIDDLE + (direction === plus ? angle : -angle);
    }
    const index = parts.length;
    const match = /^(\d{1,3})(?:\.(\d{1,3}))?$/.exec(text);
    const whole = Number(match?.[1]);
    const badFraction = match?.[2] !== undefined && index !== 2;
    if (match === null || badFraction || index > 2 || whole > (index === 0 ? most : 59)) {
      return words.fail(`it is degrees, minutes, seconds and then ${plus} or ${minus}`);
    }
    parts.push(index === 2 ? whole * 1000 + Number((match[2] ?? '').padEnd(3, '0')) : whole);
  }
}

/** Metres with an optional `m`, as centimetres. */
function readMetres(words: Words, least: number, most: number): number {
  words.take();
  const match = /^(-?)(\d{1,8})(?:\.(\d{1,2}))?m?$/i.exec(words.text());
  const size = Number(match?.[2]) * 100 + Number((match?.[3] ?? '').padEnd(2, '0'));
  const value = match?.[1] === '-' ? -size : size;
  if (match === null || value < least || value > most) {
    words.fail(`it is metres from ${least / 100} to ${most / 100}, with up to two decimals`);
  }
  return value === 0 ? 0 : value;
}

/** Centimetres as a digit and a power of ten; digits that do not fit are cut off. */
function encodePrecision(centimetres: number): number {
  const digits = String(centimetres);
  return (Number(digits[0]) << 4) | (centimetres === 0 ? 0 : digits.length - 1);
}

function precisionOf(octet: number): number {
  return (octet >> 4) * 10 ** (octet & 15);
}

function formatAngle(value: number, plus: string, minus: string): string {
  const angle = Math.abs(value - MIDDLE);
  const seconds = ((angle % 60_000) / 1000).toFixed(3);
  const direction = value < MIDDLE ? minus : plus;
  return `${Math.floor(angle / DEGREE)} ${Math.floor(angle / 60_000) % 60} ${seconds} ${direction}`;
}

function formatMetres(centimetres: number): string {
  return `${(centimetres / 100).toFixed(2)}m`;
}
