import type { DelayedCall, Transport } from '@hawser/core';
import type { WebSocketSettings } from './web-socket-options.ts';

type KeepAliveOptions = Pick<WebSocketSettings, 'pingIntervalMs' | 'pongTimeoutMs'> & {
  /** Asks for a sign of life. */
  ping(): void;
};

/**
 * Finds peers that are gone without a word. Only bytes received count as life: bytes sent prove nothing. One timer,
 * which looks instead of being moved for each message.
 */
export class KeepAlive {
  readonly #transport: Transport;
  readonly #options: KeepAliveOptions;
  #timer: DelayedCall | undefined;
  #heard = 0;

  constructor(transport: Transport, options: KeepAliveOptions) {
    this.#transport = transport;
    this.#options = options;
    this.watch();
  }

  /** From now on, silence counts. */
  watch(): void {
    this.#wait(this.#options.pingIntervalMs, () => {
      this.#options.ping();
      const { pongTimeoutMs } = this.#options;
      this.#wait(pongTimeoutMs, () => {
        this.#transport.abort({ kind: 'timeout', timer: 'read', afterMs: pongTimeoutMs });
      });
    });
  }

  /** Until the next `watch`: while this side does not read, or waits for a close only, silence means nothing. */
  stop(): void {
    this.#timer?.cancel();
  }

  /** Calls `silent` if nothing is heard for `ms`; otherwise begins again. */
  #wait(ms: number, silent: () => void): void {
    this.stop();
    this.#heard = this.#transport.bytesRead;
    this.#timer = this.#transport.reactor.clock.callLater(ms, () => {
      if (this.#transport.bytesRead > this.#heard) this.watch();
      else silent();
    });
  }
}
