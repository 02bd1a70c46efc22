import { type Clock, TimeoutError } from '@hawser/core';
import { DnsClientError } from './client-error.ts';

/** Failures in a row after which a server is rested. */
const FAILURES = 2;
/** How long: doubled with each further failure, up to the longest. */
const REST_MS = { first: 1_000, longest: 30_000 } as const;

/** Whether a server has answered lately. */
export class ServerHealth {
  readonly #clock: Pick<Clock, 'now'>;
  #failures = 0;
  #restsUntil = 0;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** True while it is better to ask somebody else. The first question after that is the test whether it is back. */
  get resting(): boolean {
    return this.#clock.now() < this.#restsUntil;
  }

  answered(): void {
    this.#failures = 0;
    this.#restsUntil = 0;
  }

  /** Counts only what the server is to blame for, or the way to it. */
  failed(error: unknown): void {
    if (!isFailure(error)) return;
    this.#failures += 1;
    if (this.#failures < FAILURES) return;
    const restMs = REST_MS.first * 2 ** Math.min(this.#failures - FAILURES, 10);
    this.#restsUntil = this.#clock.now() + Math.min(restMs, REST_MS.longest);
  }
}

function isFailure(error: unknown): boolean {
  if (error instanceof TimeoutError) return true;
  if (!(error instanceof DnsClientError)) return false;
  return error.code === 'HAWSER_DNS_NETWORK' || error.code === 'HAWSER_DNS_REPLY';
}
