import { ByteQueue } from '../bytes/byte-queue.ts';

/** When bytes may pass. One pace may serve several queues. */
export interface Pace {
  /** Takes up to `wanted` bytes from the allowance; 0 if nothing may pass now. */
  take(wanted: number): number;
  /** Calls `ready` once, in a later turn, when it makes sense to ask for `wanted` bytes again. */
  whenReady(wanted: number, ready: () => void): Disposable;
}

/** Bytes in one direction that wait for their pace. */
export class PacedQueue {
  readonly #pace: Pace;
  readonly #deliver: (bytes: Buffer) => void;
  readonly #emptied: () => void;
  readonly #bytes = new ByteQueue();
  #waiting: Disposable | undefined;
  #stopped = false;

  /** @param emptied hears, in a later turn, that what had to wait has passed */
  constructor(pace: Pace, deliver: (bytes: Buffer) => void, emptied: () => void) {
    this.#pace = pace;
    this.#deliver = deliver;
    this.#emptied = emptied;
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** Lets pass what may pass, at once, and keeps the rest. */
  push(bytes: Uint8Array): void {
    this.#bytes.push(bytes);
    this.#pass();
  }

  /** Lets nothing pass until {@link go}. */
  stop(): void {
    this.#stopped = true;
    this.#waiting?.[Symbol.dispose]();
    this.#waiting = undefined;
  }

  /** Call it in a turn of its own: it delivers at once. */
  go(): void {
    this.#stopped = false;
    this.#passLate();
  }

  /** Forgets what waits. */
  clear(): void {
    this.stop();
    this.#bytes.clear();
  }

  #passLate(): void {
    if (this.#bytes.length === 0) return;
    this.#pass();
    if (this.#bytes.length === 0) this.#emptied();
  }

  #pass(): void {
    while (this.#bytes.length > 0 && !this.#stopped && !this.#waiting) {
      const size = this.#pace.take(this.#bytes.length);
      if (size > 0) this.#deliver(this.#bytes.take(size));
      else this.#wait();
    }
  }

  #wait(): void {
    this.#waiting = this.#pace.whenReady(this.#bytes.length, () => {
      this.#waiting = undefined;
      this.#passLate();
    });
  }
}
