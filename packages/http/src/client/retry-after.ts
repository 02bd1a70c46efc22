import type { Clock } from '@hawser/core';
import { parseHttpDate } from '../wire/parse-http-date.ts';

/** Some thirty years: what asks for more asks for that. */
const MAX_SECONDS = 1_000_000_000;

/**
 * What a `Retry-After` field asks to wait, in milliseconds from now (RFC 9110 §10.2.3): seconds, or until a date.
 * `undefined` if it is neither.
 */
export function retryAfterMs(
  value: string | null,
  clock: Pick<Clock, 'epoch'>,
): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value)) return Math.min(Number(value), MAX_SECONDS) * 1_000;
  const at = parseHttpDate(value);
  return at === undefined ? undefined : Math.max(0, at - clock.epoch());
}
