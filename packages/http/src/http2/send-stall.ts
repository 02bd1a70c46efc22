/** What a peer has to take of an answer. */
export interface SendStallOptions {
  /** How long it may take too little. */
  readonly timeoutMs: number;
  /** Octets a second that are not too little, while something waits for it. */
  readonly minRate: number;
}

/** How far an answer is that waits for its peer. */
export interface Sending {
  /** Octets of it that have left. */
  readonly sent: number;
  /** Octets of it that wait. */
  readonly waiting: number;
  /** Octets of all answers of the connection that have left. */
  readonly sentByAll: number;
  /** What holds it up is the window of the connection, or the connection itself, which it shares. */
  readonly shared: boolean;
}

/** Where an answer stood when it had done well. */
interface Mark extends Sending {
  readonly at: number;
}

/**
 * Whether an answer is stuck: it waits for a peer that takes next to nothing of it. A peer that opens the window of the
 * connection alone, and takes other answers first, has done nothing wrong: then it counts what it takes of all of them.
 */
export class SendStall {
  readonly #options: SendStallOptions;
  #mark: Mark | undefined;

  constructor(options: SendStallOptions) {
    this.#options = options;
  }

  /**
   * Looks at how far it is; `undefined` if nothing waits. Gives when to look again: infinity if nothing waits, 0 if it
   * has waited for too long.
   */
  look(sending: Sending | undefined, now: number): number {
    const { timeoutMs } = this.#options;
    if (!sending) {
      this.#mark = undefined;
      return Number.POSITIVE_INFINITY;
    }
    if (!this.#mark || this.#isFine(this.#mark, sending, now)) this.#mark = { ...sending, at: now };
    else if (now - this.#mark.at >= timeoutMs) return 0;
    return Math.min(now + timeoutMs / 2, this.#mark.at + timeoutMs);
  }

  #isFine(mark: Mark, { sent, sentByAll, shared }: Sending, now: number): boolean {
    const { timeoutMs, minRate } = this.#options;
    // It did not wait for the peer all the time.
    if (mark.waiting > 0 && sent >= mark.sent + mark.waiting) return true;
    // In half the time it has to take as much as in the whole: nobody knows yet how the other half goes.
    const least = (minRate * Math.max(timeoutMs, now - mark.at)) / 1_000;
    const taken = shared ? sentByAll - mark.sentByAll : sent - mark.sent;
    return taken > 0 && taken >= least;
  }
}
