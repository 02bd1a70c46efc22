import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { type AnswerMessage, Flag, type PartMessage, type ToWorker } from './channel.ts';

/** Why a call that blocks ends early. `code` is `HAWSER_CANCELLED`. */
export class RequestCancelledError extends Error {
  override readonly name = 'RequestCancelledError';
  readonly code = 'HAWSER_CANCELLED';

  constructor() {
    super('Cannot go on as nobody wants the answer any more');
  }
}

/** What {@link WaitingThread} is made of. */
export interface WaitingThreadParts {
  readonly id: number;
  readonly port: MessagePort;
  readonly flags: Int32Array;
}

/**
 * The worker's end of one request: sends, and blocks the thread until something comes back. Nothing runs in the thread
 * meanwhile, no timer and no callback either.
 */
export class WaitingThread {
  readonly id: number;
  readonly #port: MessagePort;
  readonly #flags: Int32Array;
  /** Those that came while the thread was not blocked, as in an async handler. */
  readonly #parts: PartMessage[] = [];
  #over = false;

  constructor({ id, port, flags }: WaitingThreadParts) {
    this.id = id;
    this.#port = port;
    this.#flags = flags;
  }

  /** Whether nobody wants the answer any more. */
  get cancelled(): boolean {
    return this.#over || Atomics.load(this.#flags, Flag.Cancelled) === 1;
  }

  /** The handler is done; the thread may have another request. */
  finish(): void {
    this.#over = true;
  }

  send(message: AnswerMessage, transfer: readonly ArrayBuffer[] = []): void {
    this.#port.postMessage(message, [...transfer]);
  }

  /** Keeps what came without being waited for. */
  received(message: ToWorker): void {
    if (message.id === this.id && message.at !== 'request') this.#parts.push(message);
  }

  /** Blocks until the other side has sent something. @throws RequestCancelledError */
  take(): PartMessage {
    return this.#block(() => {
      for (;;) {
        const next = receiveMessageOnPort(this.#port) as { message: ToWorker } | undefined;
        if (!next) return this.#parts.shift();
        this.received(next.message);
      }
    });
  }

  /** Counts octets that are about to be sent; blocks first while `max` or more wait. @throws RequestCancelledError */
  account(bytes: number, max: number): void {
    this.#block(() => (Atomics.load(this.#flags, Flag.Untaken) < max ? true : undefined));
    Atomics.add(this.#flags, Flag.Untaken, bytes);
  }

  /** @throws RequestCancelledError */
  throwIfCancelled(): void {
    if (this.cancelled) throw new RequestCancelledError();
  }

  #block<T>(ready: () => T | undefined): T {
    for (;;) {
      // Read first: what happens between the look and the wait changes it, and the wait ends at once.
      const seen = Atomics.load(this.#flags, Flag.Signal);
      this.throwIfCancelled();
      const got = ready();
      if (got !== undefined) return got;
      Atomics.wait(this.#flags, Flag.Signal, seen);
    }
  }
}
