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

/** Since when the peer is waited for. */
interface Wait {
  /** Time in which nothing waited is left out, by moving this on. */
  readonly since: number;
  readonly takenBefore: number;
  /** What will have been taken once everything has that waits. */
  readonly owed: number;
}

/**
 * Whether the peer takes what is sent. Only time in which something waited for the peer counts, so that whoever writes
 * slowly is not the peer's fault. It has no timer: whoever has one looks.
 */
export class SendWatch {
  readonly #transport: Transport;
  readonly #options: SendWatchOptions;
  #wait: Wait | undefined;
  /** When everything had left that filled the connection. */
  #drainedAt: number | undefined;
  #nextLook: number;

  constructor(transport: Transport, options: SendWatchOptions) {
    const now = transport.reactor.clock.now();
    this.#transport = transport;
    this.#options = options;
    this.#nextLook = now + options.ms / 2;
    if (options.mayRest) this.written(now);
    else this.#begin(now);
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

  /** Something may have been written. */
  written(now: number): void {
    if (this.#transport.pendingBytes === 0) return;
    if (!this.#wait) this.#begin(now);
    else if (this.#drainedAt !== undefined) this.#goOn(this.#wait, now - this.#drainedAt);
    this.#drainedAt = undefined;
  }

  /** The peer has taken everything, after it was made to wait with more. */
  drained(now: number): void {
    if (this.#options.mayRest) this.#drainedAt ??= now;
  }

  /** True if the peer has taken too little for too long, noticed after 1 to 1.5 times that. */
  isStuck(now: number): boolean {
    if (now < this.#nextLook) return false;
    const { ms, mayRest } = this.#options;
    if (mayRest && this.#transport.pendingBytes === 0) this.#wait = undefined;
    else if (!this.#wait || this.#isFine(this.#wait, now)) this.#begin(now);
    else if (now - this.#wait.since >= ms) return true;
    this.#nextLook = Math.min(now + ms / 2, (this.#wait?.since ?? now) + ms);
    return false;
  }

  #isFine({ since, takenBefore, owed }: Wait, now: number): boolean {
    const { ms, minRate, mayRest } = this.#options;
    const taken = takenBytes(this.#transport);
    // What waits now was written later.
    if (mayRest && taken >= owed) return true;
    // In half the time it has to take as much as in the whole: nobody knows yet how the other half goes.
    const least = (minRate * Math.max(ms, now - since)) / 1_000;
    return taken > takenBefore && taken - takenBefore >= least;
  }

  #begin(now: number): void {
    const taken = takenBytes(this.#transport);
    this.#wait = { since: now, takenBefore: taken, owed: taken + this.#transport.pendingBytes };
    this.#drainedAt = undefined;
  }

  #goOn({ since, takenBefore }: Wait, restedMs: number): void {
    const owed = takenBytes(this.#transport) + this.#transport.pendingBytes;
    this.#wait = { since: since + restedMs, takenBefore, owed };
  }
}

/** Bytes that have left for good. Most transports know how far one large write is. */
function takenBytes(transport: Transport & { readonly takenBytes?: number }): number {
  return transport.takenBytes ?? transport.bytesWritten - transport.pendingBytes;
}
