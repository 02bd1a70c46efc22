import { type Context, enter, type Guard, type Transport } from '@hawser/core';
import type { Malformed, RequestSink } from '../contract/codec.ts';
import type { RequestReader } from '../wire/request-reader.ts';
import type { ReaderPool } from './reader-pool.ts';

const NOTHING = Buffer.alloc(0);
/** What is kept of what is held back, in octets and in pieces, before the transport is paused. */
const MAX_KEPT_BYTES = 65_536;
const MAX_KEPT_PIECES = 64;
/** Requests of one connection after which others have their turn. */
const MAX_RUN = 64;

/** Why nothing is read for now; several may hold. */
export const Hold = {
  /** Nobody takes the body. */
  Body: 1,
  /** The answer to the last request is not complete. */
  Answer: 2,
  /** Nothing more is read at all. */
  End: 4,
  /** Others have their turn. */
  Turn: 8,
} as const;
export type Hold = (typeof Hold)[keyof typeof Hold];

/** Who takes the requests of a {@link RequestInput}. */
export interface InputSink extends RequestSink {
  /** What was read is no request, or no body; `cutOff` if the peer has ended its side in the middle of it. */
  malformed(malformed: Malformed, cutOff: boolean): void;
  /** The peer has ended its side, and everything before that was read. */
  inputEnded(): void;
  /** Others had their turn: to be settled again. */
  turnCame(): void;
}

/**
 * The requests of one connection, read only while nobody holds them back. Then the bytes stay bytes. The transport is
 * paused once these are 64 KiB, or 64 pieces, and not before: who does not read does not notice that the peer leaves.
 */
export class RequestInput implements Guard {
  readonly #transport: Transport;
  readonly #sink: InputSink;
  readonly #readers: ReaderPool;
  /** Lent while something is read; an idle connection has none. */
  #reader: RequestReader | undefined;
  #holds = 0;
  /** The holds are gone, and the reader does not know yet. */
  #resumeDue = false;
  /** Requests that were read since there was nothing to read, or since others had their turn. */
  #run = 0;
  #keptPieces = 0;
  #reading = false;
  #paused = false;
  #peerEnded = false;
  #finished = false;

  constructor(transport: Transport, sink: InputSink, readers: ReaderPool) {
    this.#transport = transport;
    this.#sink = sink;
    this.#readers = readers;
  }

  /** The peer has ended its side. */
  get peerEnded(): boolean {
    return this.#peerEnded;
  }
  /** A head has begun, and is not complete. */
  get inHead(): boolean {
    return this.#reader?.state === 'head';
  }
  /** Nothing of the next request has come. */
  get isIdle(): boolean {
    return this.#reader === undefined || this.#reader.state === 'idle';
  }
  /** Something was read from the transport and not looked at. */
  get hasMore(): boolean {
    return this.#reader !== undefined && this.#reader.keptBytes > 0;
  }

  hold(hold: Hold): void {
    this.#reader?.pause();
    this.#holds |= hold;
    this.#resumeDue = false;
  }

  /** Reading goes on at the next {@link read}. */
  release(hold: number): void {
    if (this.#holds === 0) return;
    this.#holds &= ~hold;
    this.#resumeDue = this.#holds === 0;
  }

  /** A request was read. After a run of them others have their turn, whatever this peer has sent already. */
  noteRequest(): void {
    this.#run += 1;
    if (this.#run < MAX_RUN) return;
    this.#run = 0;
    this.hold(Hold.Turn);
    this.#transport.reactor.clock.callSoon(() =>
      enter(this, 'turn', RequestInput.#takeTurn, undefined),
    );
  }

  /** Bytes have come. False if they have to wait. */
  feed(chunk: Buffer): boolean {
    if (this.#holds === 0) {
      this.#read(chunk);
      return true;
    }
    if ((this.#holds & Hold.End) === 0) this.#reader?.feed(chunk);
    this.#keptPieces += 1;
    if (!this.#paused && this.#isFull) {
      this.#paused = true;
      this.#transport.pauseReading();
    }
    return false;
  }

  /** Reads on if that was held back and no longer is. Harmless while something is read. */
  read(): void {
    if (this.#resumeDue && !this.#reading) this.#read();
  }

  /** The peer has ended its side; told on once everything before that was read. */
  end(): void {
    this.#peerEnded = true;
  }

  /** To be called when everything else was done: reads on, ends, and lets the transport go on. */
  settle(): void {
    this.read();
    if (this.#holds !== 0) return;
    if (this.#peerEnded && !this.#finished) {
      this.#finished = true;
      const malformed = this.#reader?.finish();
      if (malformed) this.#sink.malformed(malformed, true);
      else this.#sink.inputEnded();
      return;
    }
    if (this.#reader?.fresh) {
      this.#readers.giveBack(this.#reader);
      this.#reader = undefined;
    }
    if (this.#paused) {
      this.#paused = false;
      this.#transport.resumeReading();
    }
  }

  /** The peer is gone: gives on what has come of a body, whoever held it back. */
  readWhatCame(): void {
    this.#holds = 0;
    this.#reading = true;
    this.#reader?.resume();
    this.#reading = false;
  }

  /** What was read and belongs to the next protocol. Nothing can be read after it. */
  takeRest(): Buffer {
    return this.#reader?.takeRest() ?? NOTHING;
  }

  get context(): Context {
    return this.#transport.context;
  }

  failed(callback: string, thrown: unknown): void {
    this.#transport.reactor.reports.problem(`http.${callback}`, thrown);
  }

  static readonly #takeTurn = (self: RequestInput): void => {
    self.release(Hold.Turn);
    self.#sink.turnCame();
  };

  /** Whether no more can be kept; of what nobody will read, nothing is. */
  get #isFull(): boolean {
    if ((this.#holds & Hold.End) !== 0 || this.#keptPieces >= MAX_KEPT_PIECES) return true;
    return this.#reader !== undefined && this.#reader.keptBytes >= MAX_KEPT_BYTES;
  }

  #read(chunk?: Buffer): void {
    if (!this.#reader) {
      this.#reader = this.#readers.take(this.#sink);
      this.#run = 0;
    }
    const reader = this.#reader;
    this.#keptPieces = 0;
    this.#reading = true;
    let malformed = chunk && reader.feed(chunk);
    while (!malformed && this.#resumeDue) {
      this.#resumeDue = false;
      malformed = reader.resume();
    }
    this.#reading = false;
    if (malformed) this.#sink.malformed(malformed, this.#peerEnded);
  }
}
