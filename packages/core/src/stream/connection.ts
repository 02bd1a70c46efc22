import type { Decoder } from '../bytes/frame-decoder.ts';
import type { LineOptions } from '../bytes/line-cutter.ts';
import type { Address } from '../contract/address.ts';
import type { CloseReason } from '../contract/close-reason.ts';
import type { InfoKey } from '../contract/info.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { CloseOptions, Transport } from '../contract/transport.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { ChunkLoop, FrameLoop, LineLoop } from './loops.ts';
import {
  ANYTHING,
  cutExactly,
  cutLine,
  cutSome,
  cutUntil,
  lookAt,
  readOnce,
} from './stream-read.ts';
import type { StreamSession } from './stream-session.ts';

/** Options for {@link Connection.lines} and {@link Connection.readLine}. */
export interface ReadLineOptions {
  /** The longest line accepted, in bytes, without its ending. */
  readonly max: number;
  /** As in `LineDecoder`. @defaultValue 'newline' */
  readonly delimiter?: LineOptions['delimiter'];
  /** @defaultValue 'utf8' */
  readonly encoding?: BufferEncoding | undefined;
}

/** Options for {@link Connection.readUntil}. */
export interface ReadUntilOptions {
  /** Bytes that may come before the delimiter. */
  readonly max: number;
}

/**
 * A transport for people who prefer `await`. There is one reader: a second read while one waits throws `UsageError`
 * `HAWSER_BUSY`. Reading is pulled and bounded: when 64 KiB wait unread, the peer is made to wait as well.
 *
 * Every read gives a `Deferred`, so it can be cancelled and given a `timeout`, both without losing a byte. When the
 * connection is gone, what has arrived can still be read; then reads reject with `ConnectionError` `HAWSER_CLOSED`,
 * whose `cause` is the `CloseReason`. After the end of input, `read` and `readLine` give `undefined` and loops end, and
 * this side can still write.
 *
 * When the process wants to stop, a loop (`lines`, `frames`, `for await (const chunk of conn)`) ends as soon as it waits
 * for a message of which nothing has come, so that every message that arrived is handled. A single read goes on: it is
 * taken to be inside of a message.
 */
export class Connection implements AsyncIterable<Buffer>, AsyncDisposable {
  readonly #session: StreamSession;

  /** For `streaming` and `connect`, which make connections. */
  constructor(session: StreamSession) {
    this.#session = session;
  }

  /** The transport below. Its reading side belongs to this connection until `release` or `handTo`. */
  get transport(): Transport {
    return this.#session.transport;
  }
  get local(): Address {
    return this.transport.local;
  }
  get peer(): Address {
    return this.transport.peer;
  }
  /** As {@link Transport.info}. */
  info<T>(key: InfoKey<T>): T | undefined {
    return this.transport.info(key);
  }

  /** Aborted when the connection is lost, whatever the reason; the reason is the error that reads reject with. */
  get signal(): AbortSignal {
    return this.#session.signal;
  }
  /** True once the process wants to stop. */
  get draining(): boolean {
    return this.#session.drainDeadline !== undefined;
  }
  /** Settles when the process wants to stop, with the time on the reactor's clock when the connection is cut off. */
  whenDraining(): Deferred<number> {
    return this.#session.whenDraining();
  }

  // --- reading ---

  /** Whatever has come, at most `max` bytes; waits if that is nothing. `undefined` at the end of input. */
  read(max?: number): Deferred<Buffer | undefined> {
    const cutter = max === undefined ? ANYTHING : cutSome(atLeast(1, max, 'max'));
    return readOnce(this.#session.reader, 'connection.read', cutter);
  }

  /** Exactly `bytes` bytes. @throws IncompleteRead `HAWSER_INCOMPLETE` when the input ends before */
  readExactly(bytes: number): Deferred<Buffer> {
    const cutter = cutExactly(atLeast(0, bytes, 'bytes'));
    return readOnce(this.#session.reader, 'connection.readExactly', cutter);
  }

  /**
   * The bytes before `delimiter`, which is taken as well.
   * @throws ProtocolError `HAWSER_LINE_TOO_LONG` when there are more than `max`
   * @throws IncompleteRead `HAWSER_INCOMPLETE` when the input ends before it comes
   */
  readUntil(delimiter: Uint8Array | string, options: ReadUntilOptions): Deferred<Buffer> {
    const cutter = cutUntil(Buffer.from(delimiter), options.max);
    return readOnce(this.#session.reader, 'connection.readUntil', cutter);
  }

  /**
   * The next line, without its ending; `undefined` when the input ends where one would begin.
   * @throws ProtocolError `HAWSER_LINE_TOO_LONG`
   * @throws IncompleteRead `HAWSER_INCOMPLETE` when the input ends in the middle of one
   */
  readLine(options: ReadLineOptions): Deferred<string | undefined> {
    const { max, delimiter, encoding = 'utf8' } = options;
    const cutter = cutLine({ maxBytes: max, delimiter }, encoding);
    return readOnce(this.#session.reader, 'connection.readLine', cutter);
  }

  /**
   * The lines until the input ends. Other reads are allowed between two lines. Errors as {@link readLine}.
   *
   * @example
   * for await (const line of conn.lines({ max: 1024 })) await conn.write(`${line}\n`);
   */
  lines(options: ReadLineOptions): AsyncIterableIterator<string> {
    const { max, delimiter, encoding = 'utf8' } = options;
    return new LineLoop(this.#session.reader, { maxBytes: max, delimiter }, encoding);
  }

  /**
   * The frames that `decoder` cuts, until the input ends. Other reads have to wait until the loop is left; bytes that
   * are in no frame are then put back.
   * @throws IncompleteRead `HAWSER_INCOMPLETE` when the input ends in the middle of one
   */
  frames<Frame>(decoder: Decoder<Frame>): AsyncIterableIterator<Frame> {
    return new FrameLoop(this.#session.reader, decoder);
  }

  /** Whatever comes, as it comes, until the input ends. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Buffer> {
    return new ChunkLoop(this.#session.reader);
  }

  /** The next `bytes` bytes, which are not consumed; fewer when the input ends before. */
  peek(bytes: number): Deferred<Buffer> {
    return readOnce(this.#session.reader, 'connection.peek', lookAt(atLeast(0, bytes, 'bytes')));
  }

  /** Puts bytes back, to be read first. The connection owns them from now on. */
  unread(data: Uint8Array): void {
    this.#session.reader.mustBeFree();
    this.#session.reader.queue.unshift(data);
  }

  // --- writing ---

  /**
   * Queues bytes, or text as UTF-8. Gives `undefined` while there is room, so that `await` costs nothing, and otherwise
   * what settles when the peer has taken everything. Without `await` it is never an error that nobody handles. What is
   * written before the next wait leaves together.
   * @throws ConnectionError `HAWSER_CLOSED`, as the result
   */
  write(data: Uint8Array | string): Deferred<void> | undefined {
    return this.#session.writer.write(data);
  }

  /** Queues several buffers; as {@link write}. */
  writeMany(list: readonly Uint8Array[]): Deferred<void> | undefined {
    return this.#session.writer.writeMany(list);
  }

  /** Sends what is held back now, and waits while there is no room for more. */
  flush(): Deferred<void> {
    return this.#session.writer.flush();
  }

  // --- ending ---

  /** Flushes, then ends this side; reading goes on. */
  end(): void {
    this.#session.writer.end();
    this.#session.ownTransport('end').end();
  }

  /** Flushes, then closes. Reads that wait are rejected. Gives how it ended, once it has; never rejects. */
  close(options?: CloseOptions): Deferred<CloseReason> {
    return this.#session.close(options);
  }

  /** Closes now and drops what is queued; the peer sees a reset. */
  abort(why?: Error | CloseReason): void {
    this.#session.abort(why);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#session.givenAway) await this.close();
  }

  // --- leaving ---

  /** Gives the connection to a protocol, with all bytes nobody has read. From now on it is not this one's to close. */
  handTo(next: Protocol): void {
    const transport = this.#session.ownTransport('hand over');
    transport.handTo(next, this.#session.giveAway());
  }

  /**
   * Gives the transport away, paused, with all bytes nobody has read put back: for `toSocket`, or a `handTo` later.
   * From now on it is not this one's to close.
   */
  release(): Transport {
    const transport = this.#session.ownTransport('release');
    transport.handTo(NOBODY, this.#session.giveAway());
    transport.pauseReading();
    return transport;
  }
}

/** Between two owners. Nothing comes, as the transport is paused. */
const NOBODY: Protocol = { dataReceived: () => undefined };

function atLeast(least: number, value: number, name: string): number {
  if (value >= least) return value;
  throw new RangeError(`Cannot read as ${name} must be ${least} or more: ${value}`);
}
