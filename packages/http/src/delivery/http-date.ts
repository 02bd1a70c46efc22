const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed'];
const DAY_MS = 86_400_000;

const IMF_FIXDATE = /^[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/;
const RFC_850 = /^[A-Z][a-z]{5,8}, (\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d):(\d\d):(\d\d) GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/;

/**
 * Milliseconds since 1970 of a date in one of the three forms of RFC 9110 §5.6.7; `undefined` if it is none, or no day of
 * the calendar. The day of the week is not compared. Two digits of a year up to 69 are in this century.
 */
export function parseHttpDate(text: string): number | undefined {
  if (text.length > 40) return undefined;
  const imf = IMF_FIXDATE.exec(text);
  if (imf) return toEpoch(imf[3], imf[2], imf[1], imf.slice(4));
  const old = RFC_850.exec(text);
  if (old) {
    const year = Number(old[3]);
    return toEpoch(year < 70 ? 2000 + year : 1900 + year, old[2], old[1], old.slice(4));
  }
  const asctime = ASCTIME.exec(text);
  return asctime ? toEpoch(asctime[6], asctime[1], asctime[2], asctime.slice(3, 6)) : undefined;
}

/** `epochMs` as an IMF-fixdate (RFC 9110 §5.6.7); parts of a second are left out. */
export function formatHttpDate(epochMs: number): string {
  const days = Math.floor(epochMs / DAY_MS);
  const second = Math.floor((epochMs - days * DAY_MS) / 1000);
  const { year, month, day } = civilOf(days);
  const time = [second / 3600, (second / 60) % 60, second % 60].map((each) =>
    two(Math.floor(each)),
  );
  const weekday = DAYS[((days % 7) + 7) % 7];
  const years = String(year).padStart(4, '0');
  return `${weekday}, ${two(day)} ${MONTHS[month - 1]} ${years} ${time.join(':')} GMT`;
}

/** Year, month from 1, and day of the month, of a day counted from 1970-01-01. */
export function civilOf(days: number): { year: number; month: number; day: number } {
  // The year begins in March here, so that the day leap years add is its last. An era has 400 years, 146097 days.
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) /
      365,
  );
  const ofYear =
    ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * ofYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: ofYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  };
}

function toEpoch(
  yearText: string | number | undefined,
  monthName: string | undefined,
  dayText: string | undefined,
  time: readonly string[],
): number | undefined {
  const year = Number(yearText);
  const month = MONTHS.indexOf(monthName ?? '') + 1;
  const day = Number(dayText);
  const [hour = 0, minute = 0, second = 0] = time.map(Number);
  // 60 is a leap second (RFC 9110 §5.6.7).
  if (month === 0 || hour > 23 || minute > 59 || second > 60) return undefined;
  const days = daysOf(year, month, day);
  const back = civilOf(days);
  if (back.month !== month || back.day !== day) return undefined;
  return days * DAY_MS + (hour * 3600 + minute * 60 + second) * 1000;
}

/** The inverse of {@link civilOf}. */
function daysOf(year: number, month: number, day: number): number {
  const shiftedYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(shiftedYear / 400);
  const yearOfEra = shiftedYear - era * 400;
  const ofYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const ofEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + ofYear;
  return era * 146_097 + ofEra - 719_468;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
