import type { Duplex } from 'node:stream';
import type { Wire, WireEvents } from '../connection/wire.ts';
import type { Address } from '../contract/address.ts';
import type { Clock } from '../contract/clock.ts';
import type { CloseReason } from '../contract/close-reason.ts';
import { ConnectionError, describeReason } from '../errors.ts';

/** Larger writes are cut, so that a stream that takes its time can be seen to take something. */
const PIECE_BYTES = 65_536;
const EMPTY = Buffer.alloc(0);

/** Where a {@link DuplexWire} is. */
export interface DuplexWireOptions {
  readonly local: Address;
  readonly peer: Address;
}

/**
 * Any node stream as a {@link Wire}. It must emit 'close', as streams do unless they are told not to. What a stream
 * emits from inside of a method of this, as many do, is passed on in a later turn.
 */
export class DuplexWire implements Wire {
  readonly local: Address;
  readonly peer: Address;
  readonly highWaterMark: number;
  bytesRead = 0;
  bytesWritten = 0;

  readonly #clock: Pick<Clock, 'callSoon'>;
  readonly #duplex: Duplex;
  #events: WireEvents | undefined;
  /** How many methods of this are on the stack. */
  #calls = 0;
  readonly #later: (() => void)[] = [];
  #paused = false;
  #ending = false;
  #ended = false;
  /** Whether this side asked for the stream to go away. */
  #released = false;
  #error: Error | undefined;

  constructor(clock: Pick<Clock, 'callSoon'>, duplex: Duplex, options: DuplexWireOptions) {
    this.#clock = clock;
    this.#duplex = duplex;
    this.local = options.local;
    this.peer = options.peer;
    this.highWaterMark = duplex.writableHighWaterMark;
  }

  get pendingBytes(): number {
    return this.#duplex.writableLength;
  }

  get takenBytes(): number | undefined {
    // A stream over a transport knows how far that one is.
    return 'takenBytes' in this.#duplex ? Number(this.#duplex.takenBytes) : undefined;
  }

  open(events: WireEvents): void {
    const duplex = this.#duplex;
    this.#events = events;
    // Its end of input must not end our side as well.
    duplex.allowHalfOpen = true;
    duplex.on('error', (error) => {
      this.#error ??= error;
    });
    duplex.on('close', () => this.#tell(() => this.#closed()));
    duplex.on('end', () => this.#tell(() => this.#inputEnded()));
    duplex.on('drain', () => this.#tell(() => events.wireDrained()));
    duplex.on('finish', () => this.#tell(() => events.wireFinished()));
    if (duplex.destroyed || duplex.closed) {
      this.#tellLater(() => this.#closed());
      return;
    }
    if (duplex.readableEnded) this.#tellLater(() => this.#inputEnded());
    // Whoever had it before may have paused it.
    else this.#inside(() => duplex.on('data', (chunk: unknown) => this.#received(chunk)).resume());
  }

  write(list: readonly Uint8Array[]): void {
    const duplex = this.#duplex;
    if (duplex.destroyed || this.#ending) return;
    this.#inside(() => {
      duplex.cork();
      for (const data of list) {
        this.bytesWritten += data.length;
        for (let at = 0; at < data.length; at += PIECE_BYTES) {
          duplex.write(data.length <= PIECE_BYTES ? data : data.subarray(at, at + PIECE_BYTES));
        }
      }
      duplex.uncork();
    });
  }

  pause(): void {
    this.#paused = true;
    this.#inside(() => this.#duplex.pause());
  }

  resume(): void {
    this.#paused = false;
    this.#inside(() => this.#duplex.resume());
  }

  end(): void {
    if (this.#ending || this.#duplex.destroyed) return;
    this.#ending = true;
    this.#inside(() => this.#duplex.end());
  }

  destroy(): void {
    this.#released = true;
    this.#inside(() => this.#duplex.destroy());
  }

  reset(reason: CloseReason): void {
    this.#released = true;
    const error =
      'error' in reason && reason.error
        ? reason.error
        : new ConnectionError('HAWSER_CLOSED', `Cannot go on: ${describeReason(reason)}`);
    // With an error, as a stream that can tell its peer of one does so then.
    this.#inside(() => this.#duplex.destroy(error));
  }

  #received(chunk: unknown): void {
    // A socket that was detached in this turn takes up its flow again in the next, whatever it was told meanwhile.
    if (this.#paused) this.#duplex.pause();
    const data =
      typeof chunk === 'string'
        ? Buffer.from(chunk, this.#duplex.readableEncoding ?? 'utf8')
        : asBuffer(chunk);
    if (data.length === 0) return;
    this.bytesRead += data.length;
    this.#tell(() => this.#events?.wireData(data));
  }

  #inputEnded(): void {
    this.#ended = true;
    this.#events?.wireEnded();
  }

  #closed(): void {
    if (this.#error || this.#ended || this.#released) {
      this.#events?.wireClosed(this.#error);
      return;
    }
    const message = 'Cannot read on as the stream was closed before its end';
    this.#events?.wireClosed(new ConnectionError('HAWSER_CLOSED', message));
  }

  /** Runs what may emit events. */
  #inside(run: () => void): void {
    this.#calls += 1;
    try {
      run();
    } catch (thrown) {
      // A stream that throws out of a method is broken.
      this.#duplex.destroy(thrown instanceof Error ? thrown : new Error(String(thrown)));
    } finally {
      this.#calls -= 1;
    }
  }

  #tell(event: () => void): void {
    if (this.#calls > 0 || this.#later.length > 0) this.#tellLater(event);
    else event();
  }

  #tellLater(event: () => void): void {
    this.#later.push(event);
    if (this.#later.length > 1) return;
    this.#clock.callSoon(() => {
      // What is told may cause more, which belongs behind what is here.
      while (this.#later.length > 0) {
        this.#later[0]?.();
        this.#later.shift();
      }
    });
  }
}

function asBuffer(chunk: unknown): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk;
  if (!(chunk instanceof Uint8Array)) return EMPTY;
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
