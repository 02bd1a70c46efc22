// How much is copied at a time. A server of ten thousand copies that starts must not ask for all of them at once.
import { DeferredSemaphore, withSignal } from '@hawser/core';
import { usageError } from '../errors.ts';

/** Options for {@link CopyLimits}. */
export interface CopyLimitsOptions {
  /** Primaries that are looked at, at a time. @defaultValue 100 */
  readonly looks?: number | undefined;
  /** Transfers at a time. @defaultValue 10 */
  readonly transfers?: number | undefined;
  /** Transfers from one primary at a time: one that is slow must not keep the others waiting. @defaultValue 2 */
  readonly transfersPerPrimary?: number | undefined;
}

/** Zones that may wait for their turn. */
const MAX_WAITING = 1_000_000;

/** Limits that copies share: give the same object to all of them. */
export class CopyLimits {
  readonly #looks: DeferredSemaphore;
  readonly #transfers: DeferredSemaphore;
  readonly #perPrimary: number;
  readonly #primaries = new Map<string, DeferredSemaphore>();

  /** @throws UsageError `HAWSER_DNS_OPTIONS` for a number below 1 */
  constructor(options: CopyLimitsOptions = {}) {
    const { looks = 100, transfers = 10, transfersPerPrimary = 2 } = options;
    if (!(looks >= 1 && transfers >= 1 && transfersPerPrimary >= 1)) {
      throw usageError(
        'HAWSER_DNS_OPTIONS',
        `Cannot limit copies as every number must be 1 or more: ${looks}, ${transfers}, ${transfersPerPrimary}`,
      );
    }
    this.#looks = semaphore(looks);
    this.#transfers = semaphore(transfers);
    this.#perPrimary = transfersPerPrimary;
  }

  /** Calls `work` when there is room. Rejects when the signal is aborted. */
  look<T>(work: () => Promise<T>, signal: AbortSignal): PromiseLike<T> {
    return withSignal(this.#looks.run(work), signal);
  }

  /** Calls `work`, which transfers from `primary`, when there is room. Rejects when the signal is aborted. */
  async transfer<T>(primary: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    let own = this.#primaries.get(primary);
    if (own === undefined) {
      own = semaphore(this.#perPrimary);
      this.#primaries.set(primary, own);
    }
    const mine = own;
    try {
      // Who waits for a primary takes no place from others.
      return await withSignal(
        mine.run(() => withSignal(this.#transfers.run(work), signal)),
        signal,
      );
    } finally {
      if (mine.free === this.#perPrimary && mine.waiting === 0) this.#primaries.delete(primary);
    }
  }
}

function semaphore(tokens: number): DeferredSemaphore {
  return new DeferredSemaphore({ tokens, maxWaiting: MAX_WAITING });
}
