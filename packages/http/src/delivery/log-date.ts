import { formatHttpDate } from '../wire/http-date.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** As logs of servers have it: `02/Jan/2020:03:04:05 +0000`. */
export function logDate(epochMs: number): string {
  const [day, month, year, time] = partsOf(epochMs);
  return `${day}/${month}/${year}:${time} +0000`;
}

/** As machines have it (RFC 3339): `2020-01-02T03:04:05.678Z`. */
export function isoDate(epochMs: number): string {
  const [day, month, year, time] = partsOf(epochMs);
  const ms = String(Math.floor(epochMs) - Math.floor(epochMs / 1000) * 1000).padStart(3, '0');
  return `${year}-${String(MONTHS.indexOf(month) + 1).padStart(2, '0')}-${day}T${time}.${ms}Z`;
}

/** `Thu, 02 Jan 2020 03:04:05 GMT` has all that the other forms have. */
function partsOf(epochMs: number): readonly [string, string, string, string] {
  const [, day = '', month = '', year = '', time = ''] = formatHttpDate(epochMs).split(' ');
  return [day, month, year, time];
}
