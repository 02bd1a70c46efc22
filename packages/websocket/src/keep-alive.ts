import type { DelayedCall, Transport } from '@hawser/core';
import type { WebSocketSettings } from './web-socket-options.ts';

/**
 * Finds peers that are gone without a word. Only bytes received count as life: bytes sent prove nothing. One timer,
 * which looks instead of being moved for each message.
 */
export class KeepAlive {
  readonly #transport: Transport;
  readonly #settings: Pick<WebSocketSettings, 'pingIntervalMs' | 'pongTimeoutMs'>;
  readonly #ping: () => void;
  #timer: DelayedCall | undefined;
  #heard = 0;

  constructor(
    transport: Transport,
    options: Pick<WebSocketSettings, 'pingIntervalMs' | 'pongTimeoutMs'> & { ping(): void },
  ) {
    this.#transport = transport;
    this.#settings = options;
    this.#ping = () => options.ping();
    this.#watch();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #watch(): void {
    this.#wait(this.#settings.pingIntervalMs, () => {
      this.#ping();
      const { pongTimeoutMs } = this.#settings;
      this.#wait(pongTimeoutMs, () => {
        this.#transport.abort({ kind: 'timeout', timer: 'read', afterMs: pongTimeoutMs });
      });
    });
  }

  /** Calls `silent` if nothing is heard for `ms`; otherwise begins again. */
  #wait(ms: number, silent: () => void): void {
    this.#heard = this.#transport.bytesRead;
    this.#timer = this.#transport.reactor.clock.callLater(ms, () => {
      if (this.#transport.bytesRead > this.#heard) this.#watch();
      else silent();
    });
  }
}
