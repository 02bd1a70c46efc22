import type { DelayedCall, Transport } from '@hawser/core';

/** Aborts a connection whose peer takes nothing of an answer for too long. */
export class SendWatch {
  readonly #transport: Transport;
  #timer: DelayedCall | undefined;
  #sent = 0;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Looks every `ms` whether anything has left since; replaces an earlier watch. */
  start(ms: number): void {
    this.stop();
    this.#sent = this.#sentBytes();
    this.#timer = this.#transport.reactor.clock.callLater(ms, () => {
      if (this.#sentBytes() > this.#sent) this.start(ms);
      else this.#transport.abort({ kind: 'timeout', timer: 'write', afterMs: ms });
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #sentBytes(): number {
    return this.#transport.bytesWritten - this.#transport.pendingBytes;
  }
}
