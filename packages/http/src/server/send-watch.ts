import type { Transport } from '@hawser/core';

/** How a {@link SendWatch} judges a connection. */
export interface SendWatchOptions {
  /** How long a peer may take too little. */
  readonly ms: number;
  /** Octets a second that are not too little, while something waits for the peer. With 0 any octet is enough. */
  readonly minRate: number;
  /** Whether a peer that has nothing to take is fine, such as one that waits for the next event of a stream. */
  readonly mayRest: boolean;
}

/** Where a connection stood when it had done well. */
interface Mark {
  readonly at: number;
  readonly taken: number;
  /** What would have been taken once everything had that waited then. */
  readonly owed: number;
}

/**
 * Whether the peer takes what is sent. Only time in which something waited for the peer all along counts, so that whoever
 * writes slowly is not the peer's fault. It has no timer: whoever has one looks.
 */
export class SendWatch {
  readonly #transport: Transport;
  readonly #options: SendWatchOptions;
  #mark: Mark | undefined;
  #nextLook: number;

  constructor(transport: Transport, options: SendWatchOptions) {
    const now = transport.reactor.clock.now();
    this.#transport = transport;
    this.#options = options;
    this.#mark = this.#newMark(now);
    this.#nextLook = now + options.ms / 2;
  }

  /** When to look again. */
  get nextLook(): number {
    return this.#nextLook;
  }
  get mayRest(): boolean {
    return this.#options.mayRest;
  }
  get afterMs(): number {
    return this.#options.ms;
  }

  /** True if the peer has taken too little for too long, noticed after 1 to 1.5 times that. */
  isStuck(now: number): boolean {
    if (now < this.#nextLook) return false;
    const { ms } = this.#options;
    if (!this.#mark || this.#isFine(this.#mark, now)) this.#mark = this.#newMark(now);
    else if (now - this.#mark.at >= ms) return true;
    this.#nextLook = Math.min(now + ms / 2, (this.#mark?.at ?? now) + ms);
    return false;
  }

  #isFine({ at, taken, owed }: Mark, now: number): boolean {
    const { ms, minRate, mayRest } = this.#options;
    const since = takenBytes(this.#transport);
    // It did not wait for the peer all the time.
    if (mayRest && (this.#transport.pendingBytes === 0 || since >= owed)) return true;
    // In half the time it has to take as much as in the whole: nobody knows yet how the other half goes.
    const least = (minRate * Math.max(ms, now - at)) / 1_000;
    return since > taken && since - taken >= least;
  }

  #newMark(now: number): Mark | undefined {
    const { pendingBytes } = this.#transport;
    if (this.#options.mayRest && pendingBytes === 0) return undefined;
    const taken = takenBytes(this.#transport);
    return { at: now, taken, owed: taken + pendingBytes };
  }
}

/** Bytes that have left for good. Most transports know how far one large write is. */
function takenBytes(transport: Transport & { readonly takenBytes?: number }): number {
  return transport.takenBytes ?? transport.bytesWritten - transport.pendingBytes;
}
