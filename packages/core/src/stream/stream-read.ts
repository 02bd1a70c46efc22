import type { ByteQueue } from '../bytes/byte-queue.ts';
import { LineCutter, type LineOptions } from '../bytes/line-cutter.ts';
import { Deferred } from '../deferred/deferred.ts';
import { fail } from '../deferred/fail.ts';
import { succeed } from '../deferred/succeed.ts';
import { IncompleteRead } from './incomplete-read.ts';
import { type Cutter, type ParkedRead, type StreamReader, WAIT } from './stream-reader.ts';

/**
 * Reads once: at once if it can, otherwise when the bytes are there. Cancelling it leaves the bytes where they are.
 * @throws UsageError `HAWSER_BUSY` when somebody else reads
 */
export function readOnce<T>(reader: StreamReader, where: string, cutter: Cutter<T>): Deferred<T> {
  reader.mustBeFree();
  try {
    const known = reader.try(cutter);
    if (known !== WAIT) return succeed(known);
  } catch (thrown) {
    return fail(thrown);
  }
  const read = new StreamRead(reader, where, cutter);
  reader.park(read);
  return read.result;
}

class StreamRead<T> implements ParkedRead {
  readonly result: Deferred<T>;
  readonly #reader: StreamReader;
  readonly #cutter: Cutter<T>;

  constructor(reader: StreamReader, where: string, cutter: Cutter<T>) {
    this.#reader = reader;
    this.#cutter = cutter;
    this.result = new Deferred<T>({ where, canceller: () => reader.unpark(this) });
  }

  get takesChunks(): boolean {
    return this.#cutter === ANYTHING;
  }

  receive(chunk: Buffer): boolean {
    this.result.resolve(chunk as T);
    return true;
  }

  attempt(): boolean {
    let known: T | typeof WAIT;
    try {
      known = this.#reader.try(this.#cutter);
    } catch (thrown) {
      this.result.reject(thrown);
      return true;
    }
    if (known === WAIT) return false;
    this.result.resolve(known);
    return true;
  }
}

/** Whatever is there, `undefined` at the end. A chunk that comes while it waits skips the queue. */
export const ANYTHING: Cutter<Buffer | undefined> = {
  cut(queue, ended) {
    if (queue.length > 0) return queue.takeAll();
    return ended ? undefined : WAIT;
  },
};

/** At most `maxBytes` of what is there, `undefined` at the end. */
export function cutSome(maxBytes: number): Cutter<Buffer | undefined> {
  return {
    cut(queue, ended) {
      if (queue.length > 0) return queue.take(Math.min(queue.length, maxBytes));
      return ended ? undefined : WAIT;
    },
  };
}

/** Exactly so many bytes. */
export function cutExactly(bytes: number): Cutter<Buffer> {
  return {
    cut(queue, ended) {
      if (queue.length >= bytes) return queue.take(bytes);
      if (ended) throw new IncompleteRead(`${bytes} bytes`, queue.length);
      return WAIT;
    },
  };
}

/** So many bytes, which stay; fewer at the end. */
export function lookAt(bytes: number): Cutter<Buffer> {
  return {
    cut(queue, ended) {
      if (queue.length < bytes && !ended) return WAIT;
      return queue.peek(Math.min(queue.length, bytes));
    },
  };
}

/** One line as text, or `undefined` when the input ends where one would begin. */
export function cutLine(
  options: LineOptions,
  encoding: BufferEncoding,
): Cutter<string | undefined> {
  const lines = new LineCutter(options);
  return {
    cut: (queue, ended) => lines.cut(queue)?.toString(encoding) ?? atEnd(queue, ended, 'a line'),
  };
}

/** The bytes before a delimiter, which has to come. */
export function cutUntil(delimiter: Uint8Array, maxBytes: number): Cutter<Buffer> {
  const lines = new LineCutter({ delimiter, maxBytes });
  return {
    cut(queue, ended) {
      const found = lines.cut(queue);
      if (found) return found;
      if (ended) throw new IncompleteRead('up to a delimiter', queue.length);
      return WAIT;
    },
  };
}

/** Nothing more comes: fine between two messages, a mistake of the peer inside of one. */
export function atEnd(queue: ByteQueue, ended: boolean, what: string): undefined | typeof WAIT {
  if (!ended) return WAIT;
  if (queue.length > 0) throw new IncompleteRead(what, queue.length);
  return undefined;
}
