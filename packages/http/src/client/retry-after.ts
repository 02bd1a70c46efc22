import type { Clock } from '@hawser/core';
import { parseHttpDate } from '../wire/parse-http-date.ts';

/**
 * What a `Retry-After` field asks to wait, in milliseconds from now (RFC 9110 §10.2.3): seconds, or until a date.
 * `undefined` if it is neither.
 */
export function retryAfterMs(
  value: string | null,
  clock: Pick<Clock, 'epoch'>,
): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  const at = parseHttpDate(value);
  return at === undefined ? undefined : Math.max(0, at - clock.epoch());
}
