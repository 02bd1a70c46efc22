import type { Clock } from '@hawser/core';

let cachedSecond = Number.NaN;
let cachedDate = '';

/** The time of `clock` for a Date header (RFC 9110 §5.6.7); made once a second. */
export function httpDate(clock: Pick<Clock, 'epoch'>): string {
  const second = Math.floor(clock.epoch() / 1000);
  if (second !== cachedSecond) {
    cachedSecond = second;
    // oxlint-disable-next-line no-restricted-globals -- formats the time it is given, reads none
    cachedDate = new Date(second * 1000).toUTCString();
  }
  return cachedDate;
}
