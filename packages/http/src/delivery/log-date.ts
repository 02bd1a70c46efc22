import { civilOf } from './http-date.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAY_MS = 86_400_000;

/** As logs of servers have it: `02/Jan/2020:03:04:05 +0000`. */
export function logDate(epochMs: number): string {
  const { year, month, day, time } = split(epochMs);
  return `${two(day)}/${MONTHS[month - 1]}/${year}:${time} +0000`;
}

/** As machines have it (RFC 3339): `2020-01-02T03:04:05.678Z`. */
export function isoDate(epochMs: number): string {
  const { year, month, day, time } = split(epochMs);
  const ms = String(Math.floor(epochMs) - Math.floor(epochMs / 1000) * 1000).padStart(3, '0');
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${time}.${ms}Z`;
}

function split(epochMs: number): { year: number; month: number; day: number; time: string } {
  const days = Math.floor(epochMs / DAY_MS);
  const second = Math.floor((epochMs - days * DAY_MS) / 1000);
  const parts = [second / 3600, (second / 60) % 60, second % 60];
  return { ...civilOf(days), time: parts.map((each) => two(Math.floor(each))).join(':') };
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
