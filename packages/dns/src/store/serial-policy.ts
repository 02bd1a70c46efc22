// Which serial a zone gets when it changes.
import { usageError } from '../errors.ts';
import { isSerialAfter, nextSerial } from '../zone/serial.ts';

/**
 * `increment`: one more. `unixtime`: seconds since 1970. `dateserial`: the day and a count, such as 2026123100. A function
 * gets the present serial and the time in milliseconds since 1970. Where the result would not be after the present one
 * (RFC 1982), or is 0, it is one more than the present one.
 */
export type SerialPolicy =
  | 'increment'
  | 'unixtime'
  | 'dateserial'
  | ((serial: number, epochMs: number) => number);

/** The serial after `serial` by `policy`. `epochMs` is asked for the time only if it matters. */
export function serialAfter(policy: SerialPolicy, serial: number, epochMs: () => number): number {
  if (policy === 'increment') return nextSerial(serial);
  const wanted = wantedSerial(policy, serial, epochMs()) >>> 0;
  return wanted !== 0 && isSerialAfter(wanted, serial) ? wanted : nextSerial(serial);
}

/** Throws for what is no policy. */
export function checkSerialPolicy(policy: SerialPolicy): void {
  const known = ['increment', 'unixtime', 'dateserial'];
  if (typeof policy === 'function' || known.includes(policy)) return;
  throw usageError('HAWSER_DNS_OPTIONS', `Cannot use "${String(policy)}" as a serial policy`);
}

function wantedSerial(
  policy: Exclude<SerialPolicy, 'increment'>,
  serial: number,
  epochMs: number,
): number {
  if (typeof policy === 'function') return policy(serial, epochMs);
  return policy === 'unixtime' ? Math.floor(epochMs / 1000) : dateSerial(epochMs);
}

const DAY_MS = 86_400_000;

/** YYYYMMDD00 in UTC, by the proleptic Gregorian calendar: days are counted from 1 March of year 0, in eras of 400 years. */
function dateSerial(epochMs: number): number {
  const days = Math.floor(epochMs / DAY_MS) + 719_468;
  const era = Math.floor(days / 146_097);
  const dayOfEra = days - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return ((year * 100 + month) * 100 + day) * 100;
}
