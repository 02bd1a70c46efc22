// Dates (RFC 9110 §5.6.7).
import type { Clock } from '@hawser/core';

let cachedSecond = Number.NaN;
let cachedDate = '';

/** The time of `clock` for a Date field; made once a second. */
export function httpDate(clock: Pick<Clock, 'epoch'>): string {
  const second = Math.floor(clock.epoch() / 1000);
  if (second !== cachedSecond) {
    cachedDate = formatHttpDate(second * 1000);
    cachedSecond = second;
  }
  return cachedDate;
}

/** `epochMs`, milliseconds since 1970, such as a time of modification, without its milliseconds. */
export function formatHttpDate(epochMs: number): string {
  // oxlint-disable-next-line no-restricted-globals -- formats the time it is given, reads none
  return new Date(epochMs).toUTCString();
}
