// Answers that were good, for when no better one is to be had (RFC 8767).
import type { Clock } from '@hawser/core';
import type { Answer, AnswerEntry } from '../contract/answer.ts';
import { usageError } from '../errors.ts';
import { ExtendedErrorCode, Rcode } from '../numbers.ts';

/** How long answers are good for lack of better ones. */
export interface StaleOptions {
  /** For how long after they were made, in seconds. @defaultValue 86_400 */
  readonly maxSeconds?: number | undefined;
  /** Answers that are kept; those not given for longest go first. @defaultValue 10_000 */
  readonly maxEntries?: number | undefined;
}

/** TTL of stale data, in seconds (RFC 8767 §4). */
export const STALE_TTL = 30;

/** The last good answers, by whatever tells questions apart. */
export class StaleAnswers {
  readonly #maxSeconds: number;
  readonly #maxEntries: number;
  readonly #answers = new Map<string, { readonly answer: Answer; readonly at: number }>();

  /** @throws UsageError `HAWSER_DNS_OPTIONS` */
  constructor({ maxSeconds = 86_400, maxEntries = 10_000 }: StaleOptions = {}) {
    if (!(maxSeconds > 0) || !(maxEntries >= 1)) {
      const what = `${maxEntries} answers for ${maxSeconds} s`;
      throw usageError('HAWSER_DNS_OPTIONS', `Cannot keep ${what} for lack of better ones`);
    }
    this.#maxSeconds = maxSeconds;
    this.#maxEntries = maxEntries;
  }

  /** Keeps an answer that was just made. */
  keep(id: string, answer: Answer, clock: Pick<Clock, 'now'>): void {
    if (answer.rcode !== Rcode.NoError && answer.rcode !== Rcode.NXDomain) return;
    this.#answers.delete(id);
    this.#answers.set(id, { answer, at: clock.now() });
    if (this.#answers.size <= this.#maxEntries) return;
    const oldest = this.#answers.keys().next();
    if (!oldest.done) this.#answers.delete(oldest.value);
  }

  /** The last good answer, marked as what it is. */
  get(id: string, clock: Pick<Clock, 'now'>): Answer | undefined {
    const kept = this.#answers.get(id);
    if (kept === undefined) return undefined;
    if (clock.now() - kept.at > this.#maxSeconds * 1000) {
      this.#answers.delete(id);
      return undefined;
    }
    const { answer } = kept;
    return {
      ...answer,
      answer: stale(answer.answer),
      authority: stale(answer.authority),
      glue: stale(answer.glue),
      additional: stale(answer.additional),
      errors: [{ code: staleCode(answer) }],
      shared: undefined,
    };
  }
}

/** Why an answer is stale, as an extended error (RFC 8914 §4.4, §4.20). */
export function staleCode({ rcode }: Answer): number {
  return rcode === Rcode.NXDomain
    ? ExtendedErrorCode.StaleNxdomainAnswer
    : ExtendedErrorCode.StaleAnswer;
}

function stale(entries: readonly AnswerEntry[]): AnswerEntry[] {
  return entries.map((entry) => ({
    ...entry,
    ttl: Math.min(entry.ttl ?? entry.rrset.ttl, STALE_TTL),
  }));
}
