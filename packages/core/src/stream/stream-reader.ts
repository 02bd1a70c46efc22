/**
 * The reading half of a stream connection: a bounded queue between a transport that pushes and one reader that pulls.
 * What a read takes from the queue is up to the read, see `stream-read.ts` and `message-loop.ts`.
 */
import { ByteQueue } from '../bytes/byte-queue.ts';
import type { Transport } from '../contract/transport.ts';
import { UsageError } from '../errors.ts';

/** What a {@link Cutter} gives when it needs more bytes. */
export const WAIT: unique symbol = Symbol('hawser.wait');

export interface Cutter<T> {
  /**
   * Takes a result from the queue, or gives {@link WAIT}, leaves the queue as it is, and is asked again when there is
   * more. Once the input has `ended` it must not wait.
   */
  cut(queue: ByteQueue, ended: boolean): T | typeof WAIT;
}

/** A read that waits for bytes. It is forgotten before it is told, so that it may be followed by another at once. */
export interface ParkedRead {
  /** Whether it can have a chunk without the detour by the queue. */
  readonly takesChunks: boolean;
  /** A chunk comes, and the queue is empty. The chunk is the read's. True when it is settled. */
  receive(chunk: Buffer): boolean;
  /** There are more bytes, the end, the loss, or the wish of the process to stop. True when it is settled. */
  attempt(): boolean;
}

/** Holds bytes of its own between two reads, so that nobody else may read meanwhile. */
export interface Holder {
  rest(): Buffer;
}

/** The queue, who waits for it, and when the transport has to pause. */
export class StreamReader {
  readonly queue: ByteQueue = new ByteQueue();
  readonly #transport: Pick<Transport, 'pauseReading' | 'resumeReading' | 'reactor'>;
  readonly #highWaterBytes: number;
  #parked: ParkedRead | undefined;
  #holder: Holder | undefined;
  #paused = false;
  #ended = false;
  #draining = false;
  /** Why there is nothing to come, for whoever has read what there is. */
  #gone: Error | undefined;

  constructor(
    transport: Pick<Transport, 'pauseReading' | 'resumeReading' | 'reactor'>,
    highWaterBytes: number,
  ) {
    this.#transport = transport;
    this.#highWaterBytes = highWaterBytes;
  }

  get gone(): Error | undefined {
    return this.#gone;
  }
  get draining(): boolean {
    return this.#draining;
  }

  // --- what the transport says ---

  push(chunk: Buffer): void {
    const parked = this.#parked;
    if (parked?.takesChunks && this.queue.length === 0) {
      this.#parked = undefined;
      if (!parked.receive(chunk)) this.#parked = parked;
      return;
    }
    this.queue.push(chunk);
    this.#wake();
    // Not while somebody waits: a read may ask for more than the queue is meant to hold, within a limit of its own.
    if (!this.#parked && !this.#paused && this.queue.length >= this.#highWaterBytes) {
      this.#paused = true;
      this.#transport.pauseReading();
    }
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Nothing comes any more. What is in the queue can still be read. */
  lose(error: Error): void {
    if (this.#gone) return;
    this.#gone = error;
    this.#wake();
  }

  drain(): void {
    this.#draining = true;
    this.#wake();
  }

  #wake(): void {
    const parked = this.#parked;
    if (!parked) return;
    this.#parked = undefined;
    if (!parked.attempt()) this.#parked = parked;
  }

  // --- what the reads ask ---

  /** @throws UsageError `HAWSER_BUSY` when somebody else reads */
  mustBeFree(asking?: Holder): void {
    if (!this.#parked && (!this.#holder || this.#holder === asking)) return;
    throw new UsageError(
      'HAWSER_BUSY',
      this.#parked
        ? 'Cannot read as another read of this connection waits'
        : 'Cannot read as a loop over frames has the input: leave it first',
    );
  }

  /** Keeps others from reading. */
  hold(holder: Holder): void {
    this.#holder = holder;
  }

  /** Gives back what the holder did not use. */
  letGo(holder: Holder): void {
    if (this.#holder !== holder) return;
    this.#holder = undefined;
    this.queue.unshift(holder.rest());
  }

  /** @throws whatever `cut` throws, and the reason for the loss once nothing can be read any more */
  try<T>(cutter: Cutter<T>): T | typeof WAIT {
    const result = cutter.cut(this.queue, this.#ended);
    if (result !== WAIT) {
      this.#resumeBelow(this.#highWaterBytes / 2);
      return result;
    }
    if (this.#gone) throw this.#gone;
    return WAIT;
  }

  park(read: ParkedRead): void {
    this.#parked = read;
    this.#resumeBelow(Number.POSITIVE_INFINITY);
  }

  /** Parks until the next turn, so that the other connections have theirs. */
  parkForATurn(read: ParkedRead): void {
    this.park(read);
    this.#transport.reactor.clock.callSoon(() => {
      if (this.#parked === read) this.#wake();
    });
  }

  unpark(read: ParkedRead): void {
    if (this.#parked === read) this.#parked = undefined;
  }

  #resumeBelow(bytes: number): void {
    if (!this.#paused || this.queue.length > bytes || this.#gone) return;
    this.#paused = false;
    this.#transport.resumeReading();
  }

  /** All bytes nobody has read, for another owner of the connection. Reads fail with `error` from now on. */
  giveAway(error: Error): Buffer {
    if (this.#holder) this.letGo(this.#holder);
    const rest = this.queue.takeAll();
    this.lose(error);
    return rest;
  }
}
