// Spans and moments of time.
import type { Field } from './field.ts';
import { numberField, widths } from './number-fields.ts';
import type { Words } from './words.ts';

/** Seconds; text may have units, as in `1h30m`. */
export const duration: Field = numberField(widths.u32, {
  read: readDuration,
});

/** A moment as DNSSEC writes it: `YYYYMMDDHHmmSS`, or seconds since 1970 (RFC 4034 §3.2). Up to 2106. */
export const moment: Field = {
  ...numberField(widths.u32, { read: readMoment, print: formatMoment }),
  toValue: (wire, at) => wire.readUInt32BE(at),
};

const unitSeconds: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
};

/** The next word as seconds: `300`, `1h30m`, in any case. */
function readDuration(words: Words): number {
  words.take();
  const seconds = durationOf(words);
  return seconds < 0 ? words.fail('it is a number of seconds, or of units as in 1h30m') : seconds;
}

/** The current word as seconds, or -1 if it is none. */
export function durationOf({ bytes, start, end }: Words): number {
  let total = 0;
  let value = -1;
  for (let at = start; at < end; at++) {
    const octet = bytes[at] ?? 0;
    if (octet >= 0x30 && octet <= 0x39) {
      value = Math.max(value, 0) * 10 + octet - 0x30;
    } else {
      const unit = unitSeconds[String.fromCharCode(octet | 0x20)];
      if (unit === undefined || value < 0) return -1;
      total += value * unit;
      value = -1;
    }
    if (value > 0xffff_ffff || total > 0xffff_ffff) return -1;
  }
  // `1h30` has a number without unit behind one with.
  total += Math.max(value, 0);
  return end === start || total > 0xffff_ffff ? -1 : total;
}

function readMoment(words: Words): number {
  words.take();
  const text = words.text();
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text);
  if (match === null) {
    if (!/^\d{1,10}$/.test(text) || Number(text) > 0xffff_ffff) {
      words.fail('it is written YYYYMMDDHHmmSS, or in seconds since 1970');
    }
    return Number(text);
  }
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as Six;
  const days = daysBefore(year, month) + day - 1;
  const seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
  const exists = formatMoment(seconds) === text;
  return exists && seconds <= 0xffff_ffff
    ? seconds
    : words.fail('there is no such moment up to 2106');
}

type Six = [number, number, number, number, number, number];

function formatMoment(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  let year = 1970 + Math.floor(days / 366);
  while (daysBefore(year + 1, 1) <= days) year++;
  let month = 12;
  while (month > 1 && daysBefore(year, month) > days) month--;
  const parts = [
    month,
    days - daysBefore(year, month) + 1,
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
    seconds % 60,
  ];
  return String(year) + parts.map((part) => String(part).padStart(2, '0')).join('');
}

const monthStarts = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334] as const;

/** Days from 1970 to the first of a month (Gregorian). */
function daysBefore(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const last = year - 1;
  const leaps = Math.floor(last / 4) - Math.floor(last / 100) + Math.floor(last / 400) - 477;
  return (year - 1970) * 365 + leaps + (monthStarts[month - 1] ?? 0) + (leap && month > 2 ? 1 : 0);
}
