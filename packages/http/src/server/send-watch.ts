import type { Transport } from '@hawser/core';

/** How a {@link SendWatch} judges a connection. */
export interface SendWatchOptions {
  /** How long a peer may take nothing. */
  readonly ms: number;
  /** Whether a peer that has nothing to take is fine, such as one that waits for the next event of a stream. */
  readonly mayRest: boolean;
}

/** Whether the peer takes what is sent. It has no timer: whoever has one looks. */
export class SendWatch {
  readonly #transport: Transport;
  readonly #options: SendWatchOptions;
  #taken: number;
  #stuckSince: number | undefined;
  #nextLook: number;

  constructor(transport: Transport, options: SendWatchOptions) {
    const now = transport.reactor.clock.now();
    this.#transport = transport;
    this.#options = options;
    this.#taken = takenBytes(transport);
    this.#stuckSince = options.mayRest && transport.pendingBytes === 0 ? undefined : now;
    this.#nextLook = now + options.ms / 2;
  }

  /** When to look again. */
  get nextLook(): number {
    return this.#nextLook;
  }

  /** True if the peer has taken nothing for too long, noticed after 1 to 1.5 times that. */
  isStuck(now: number): boolean {
    if (now < this.#nextLook) return false;
    const { ms, mayRest } = this.#options;
    const taken = takenBytes(this.#transport);
    if (mayRest && this.#transport.pendingBytes === 0) this.#stuckSince = undefined;
    else if (taken > this.#taken) this.#stuckSince = now;
    else this.#stuckSince ??= now;
    this.#taken = taken;
    this.#nextLook = now + ms / 2;
    return this.#stuckSince !== undefined && now - this.#stuckSince >= ms;
  }

  get mayRest(): boolean {
    return this.#options.mayRest;
  }
  get afterMs(): number {
    return this.#options.ms;
  }
}

/** Bytes that have left for good. Most transports know how far one large write is. */
function takenBytes(transport: Transport & { readonly takenBytes?: number }): number {
  return transport.takenBytes ?? transport.bytesWritten - transport.pendingBytes;
}
