/** Octets a peer has to take in its time: whoever opens a window of one octet now and then takes nothing. */
const MIN_BYTES = 1_024;

/** Whether an answer is stuck: it waits for a peer that takes next to nothing of it. */
export class SendStall {
  readonly #timeoutMs: number;
  /** Octets that had left when there was progress for the last time, and when that was; `undefined` if nothing waits. */
  #mark: { readonly sent: number; readonly at: number } | undefined;

  /** @param timeoutMs how long the peer may take nothing */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Looks at whether something waits, and how much has left so far. Gives when to look again: infinity if nothing waits,
   * 0 if it has waited for too long.
   */
  look(waits: boolean, sent: number, now: number): number {
    if (!waits) {
      this.#mark = undefined;
      return Number.POSITIVE_INFINITY;
    }
    const mark = this.#mark;
    if (!mark || sent - mark.sent >= MIN_BYTES) this.#mark = { sent, at: now };
    else if (now - mark.at >= this.#timeoutMs) return 0;
    return now + this.#timeoutMs / 2;
  }
}
