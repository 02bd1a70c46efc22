// What became of a change whose store failed: the connection may have been lost when it was stored, before that was said.
import type { DelayedCall, Has } from '@hawser/core';
import type { ZoneWriter } from './zone-writer.ts';

const FIRST_WAIT_MS = 1000;
const LAST_WAIT_MS = 30_000;

/** Looks again after the store has failed, until it answers: what it has is served then, whoever was told of a failure. */
export class StoreRecheck implements Disposable {
  readonly #writer: ZoneWriter;
  readonly #clock: Has<'clock'>['clock'];
  #timer: DelayedCall | undefined;
  #waitMs = FIRST_WAIT_MS;
  #disposed = false;

  constructor(writer: ZoneWriter, { clock }: Has<'clock'>) {
    this.#writer = writer;
    this.#clock = clock;
  }

  /** To be called whenever the store has failed, this look included. */
  failed(): void {
    if (this.#disposed || this.#timer !== undefined) return;
    this.#timer = this.#clock.callLater(this.#waitMs, () => {
      this.#timer = undefined;
      this.#waitMs = Math.min(2 * this.#waitMs, LAST_WAIT_MS);
      this.#writer.look().then(
        () => {
          this.#waitMs = FIRST_WAIT_MS;
        },
        // Who asked for a change has heard of it, and the next look is on its way.
        () => undefined,
      );
    });
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#timer?.cancel();
  }
}
