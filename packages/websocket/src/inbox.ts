/** What an {@link Inbox} serves. */
export interface InboxOwner {
  /** Works on one message, for as long as the promise takes. */
  take(message: string | Buffer): void | Promise<void>;
  /** `take` threw or rejected. */
  failed(thrown: unknown): void;
  /** Stops the peer while one message is worked on and another has come. */
  pause(): void;
  /** Everything has been worked on. */
  resume(): void;
  /** More waits than `maxWaitingBytes`: compressed, one read can hold far more than its own length. */
  overflowed(): void;
}

/** Gives messages to their handler one at a time, in order. */
export class Inbox {
  readonly #owner: InboxOwner;
  readonly #maxWaitingBytes: number;
  #waiting: (string | Buffer)[] = [];
  /** Not counted down, as reading stops at the first: this is what one read held. */
  #waitingBytes = 0;
  #state: 'idle' | 'busy' | 'closed' = 'idle';

  constructor(owner: InboxOwner, options: { readonly maxWaitingBytes: number }) {
    this.#owner = owner;
    this.#maxWaitingBytes = options.maxWaitingBytes;
  }

  received(data: Buffer, isBinary: boolean): void {
    if (this.#state === 'closed') return;
    const message = isBinary ? data : data.toString('utf8');
    if (this.#state === 'idle') {
      void this.#work(message);
      return;
    }
    this.#owner.pause();
    this.#waitingBytes += data.length;
    this.#waiting.push(message);
    if (this.#waitingBytes > this.#maxWaitingBytes) this.#owner.overflowed();
  }

  /** Forgets what waits; nothing more is given to the handler. */
  close(): void {
    this.#state = 'closed';
    this.#waiting = [];
  }

  async #work(first: string | Buffer): Promise<void> {
    this.#state = 'busy';
    for (let next: string | Buffer | undefined = first; next !== undefined; ) {
      try {
        // Most handlers give no promise: then their messages need no turn of their own.
        const promise = this.#owner.take(next);
        if (promise) await promise;
      } catch (thrown) {
        this.#owner.failed(thrown);
      }
      next = this.#waiting.shift();
    }
    this.#waitingBytes = 0;
    if (this.#state !== 'busy') return;
    this.#state = 'idle';
    this.#owner.resume();
  }
}
