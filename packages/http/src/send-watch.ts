import type { DelayedCall, Transport } from '@hawser/core';

/** How a {@link SendWatch} judges a connection. */
export interface SendWatchOptions {
  /** Whether a peer that has nothing to take is fine, such as one that waits for the next event of a stream. */
  readonly mayRest: boolean;
}

/** Aborts a connection whose peer takes nothing of an answer for too long. */
export class SendWatch {
  readonly #transport: Transport;
  #timer: DelayedCall | undefined;
  #sent = 0;
  #stuckSince: number | undefined;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Aborts after `ms` to 1.5 times as long without progress; replaces an earlier watch. */
  start(ms: number, { mayRest }: SendWatchOptions): void {
    this.stop();
    const { clock } = this.#transport.reactor;
    this.#sent = this.#sentBytes();
    this.#stuckSince = mayRest ? undefined : clock.now();
    const look = (): void => {
      this.#look(mayRest);
      if (this.#stuckSince === undefined || clock.now() - this.#stuckSince < ms) {
        this.#timer = clock.callLater(ms / 2, look);
      } else {
        this.#transport.abort({ kind: 'timeout', timer: 'write', afterMs: ms });
      }
    };
    this.#timer = clock.callLater(ms / 2, look);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look(mayRest: boolean): void {
    const sent = this.#sentBytes();
    const now = this.#transport.reactor.clock.now();
    const rests = mayRest && this.#transport.pendingBytes === 0;
    if (rests) this.#stuckSince = undefined;
    else if (sent > this.#sent) this.#stuckSince = now;
    else this.#stuckSince ??= now;
    this.#sent = sent;
  }

  #sentBytes(): number {
    return this.#transport.bytesWritten - this.#transport.pendingBytes;
  }
}
