import type { Transport } from '@hawser/core';
import { Acknowledged } from './acknowledged.ts';

/** How long the answer to a question may take. */
const ANSWER_MS = 1_000;

/** How a {@link SendWatch} judges a connection. */
export interface SendWatchOptions {
  /** How long a peer may take too little. */
  readonly ms: number;
  /** Octets a second that are not too little, while something waits for the peer. With 0 any octet is enough. */
  readonly minRate: number;
}

/** Since when the peer is waited for. */
interface Wait {
  /** Time in which nothing waited is left out, by moving this on. */
  readonly since: number;
  readonly takenBefore: number;
  /** What will have been taken once everything has that waits. */
  readonly owed: number;
}

/** Since when the peer has nothing to take. */
interface Rest {
  /** How long it may have nothing. */
  readonly ms: number;
  readonly since: number;
  readonly takenBefore: number;
}

/**
 * Whether the peer takes what is sent. It may have nothing to take, such as one that waits for the next event of a stream,
 * unless that was limited. Only time in which something waited for the peer counts, so that whoever writes slowly is not
 * the peer's fault; and of a peer that seems stuck the system is asked whether it is. It has no timer: whoever has one looks.
 */
export class SendWatch {
  readonly #transport: Transport;
  readonly #options: SendWatchOptions;
  #wait: Wait | undefined;
  #rest: Rest | undefined;
  /** Since the wait began. */
  #acknowledged: Acknowledged;
  /** Whether the peer is stuck is asked, and told with the next look. */
  #asking = false;
  /** When everything had left that filled the connection. */
  #drainedAt: number | undefined;
  #nextLook: number;

  constructor(transport: Transport, options: SendWatchOptions) {
    const now = transport.reactor.clock.now();
    this.#transport = transport;
    this.#options = options;
    this.#acknowledged = new Acknowledged(transport);
    this.#nextLook = now + options.ms / 2;
    this.written(now);
  }

  /** When to look again. */
  get nextLook(): number {
    return this.#nextLook;
  }
  get afterMs(): number {
    return this.#options.ms;
  }

  /** From now on the peer is stuck also if it has nothing to take for `ms`; `undefined` if it may rest again. */
  limitRest(ms: number | undefined, now: number): void {
    if (this.#rest?.ms === ms) return;
    this.#rest = ms === undefined ? undefined : this.#restFrom(now, ms);
    this.#nextLook = this.#lookAfter(now);
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
    this.#drainedAt ??= now;
  }

  /** True if the peer has taken too little for too long, noticed after 1 to 1.5 times that. */
  isStuck(now: number): boolean {
    if (now < this.#nextLook) return false;
    this.#asking = false;
    if (this.#rest !== undefined && this.#restsTooLong(this.#rest, now)) return true;
    if (this.#transport.pendingBytes === 0) this.#wait = undefined;
    else if (!this.#wait || this.#isFine(this.#wait, now)) this.#begin(now);
    else if (this.#isTooLong(now - this.#wait.since)) return true;
    this.#nextLook = this.#lookAfter(now);
    return false;
  }

  /** Whether a wait is over. Where the system can be asked, it is asked twice, as long apart as the peer has time. */
  #isTooLong(waitedMs: number): boolean {
    const { ms } = this.#options;
    if (waitedMs < ms) this.#acknowledged.askFirst();
    else if (!this.#acknowledged.isKnown) return true;
    else if (waitedMs >= ms * 1.5) {
      this.#asking = this.#acknowledged.askAgain();
      return !this.#asking;
    }
    return false;
  }

  #lookAfter(now: number): number {
    const { ms } = this.#options;
    if (this.#asking) return now + Math.min(ANSWER_MS, ms / 4);
    const over = (this.#wait?.since ?? now) + ms;
    const at = Math.min(now + ms / 2, over > now ? over : over + ms / 2);
    const rest = this.#rest;
    return rest === undefined ? at : Math.min(at, now + rest.ms / 2, rest.since + rest.ms);
  }

  #restsTooLong({ ms, since, takenBefore }: Rest, now: number): boolean {
    // While something waits it is the wait that counts: a system takes large steps for a slow peer.
    const rests = this.#transport.pendingBytes === 0 && takenBytes(this.#transport) === takenBefore;
    if (rests) return now - since >= ms;
    this.#rest = this.#restFrom(now, ms);
    return false;
  }

  #restFrom(since: number, ms: number): Rest {
    return { ms, since, takenBefore: takenBytes(this.#transport) };
  }

  #isFine({ since, takenBefore, owed }: Wait, now: number): boolean {
    const { ms, minRate } = this.#options;
    const taken = takenBytes(this.#transport);
    // What waits now was written later.
    if (taken >= owed || this.#acknowledged.isAtLeast(minRate)) return true;
    // In half the time it has to take as much as in the whole: nobody knows yet how the other half goes.
    const least = (minRate * Math.max(ms, now - since)) / 1_000;
    return taken > takenBefore && taken - takenBefore >= least;
  }

  #begin(now: number): void {
    const taken = takenBytes(this.#transport);
    this.#wait = { since: now, takenBefore: taken, owed: taken + this.#transport.pendingBytes };
    this.#drainedAt = undefined;
    this.#acknowledged = new Acknowledged(this.#transport);
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
