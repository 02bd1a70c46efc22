// Dates as they are read: three formats, of which only the first is still written (RFC 9110 §5.6.7).
//
//   Sun, 06 Nov 1994 08:49:37 GMT     IMF-fixdate
//   Sunday, 06-Nov-94 08:49:37 GMT    RFC 850
//   Sun Nov  6 08:49:37 1994          asctime

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const MONTH = `(?<month>${MONTHS.replace(/(...)(?!$)/g, '$1|')})`;
const TIME = '(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)';
const FORMATS: readonly RegExp[] = [
  new RegExp(`^${DAY}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  new RegExp(
    `^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT$`,
  ),
  new RegExp(`^${DAY} ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`),
];

/**
 * Milliseconds since 1970 of a date as RFC 9110 §5.6.7 has them, `undefined` if it is none. A day of the week that is
 * wrong is overlooked, a day of the month that is not there is not. A year with two digits is from 1970 to 2069.
 */
export function parseHttpDate(text: string): number | undefined {
  for (const format of FORMATS) {
    const parts = format.exec(text)?.groups;
    if (parts !== undefined) return toEpoch(parts);
  }
  return undefined;
}

function toEpoch(parts: Readonly<Record<string, string>>): number | undefined {
  const { year = '', month = '', day = '', hour = '', minute = '', second = '' } = parts;
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  if (h > 23 || m > 59 || s > 60) return undefined;
  const fullYear = year.length === 2 ? withCentury(Number(year)) : Number(year);
  const monthIndex = MONTHS.indexOf(month) / 3;
  // oxlint-disable-next-line no-restricted-globals -- reckons with the time it is given, reads none
  const date = new Date(0);
  date.setUTCFullYear(fullYear, monthIndex, Number(day));
  if (date.getUTCMonth() !== monthIndex || Number(day) === 0) return undefined;
  return date.getTime() + ((h * 60 + m) * 60 + s) * 1000;
}

function withCentury(year: number): number {
  return year < 70 ? 2000 + year : 1900 + year;
}
