// What requests and responses share of reading: where a message begins and ends (RFC 9112 §2, §6, §7).
//
//   head -> (length | chunks and trailers | until the end) -> end -> head ...
//
// The head of a message is one string, made once, from which its parts are cut. Bodies are given on without a copy.
import type { CodecLimits, Malformed, MessageReader, MessageSink } from '../contract/codec.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import { ChunkedBody } from './chunked-body.ts';
import { defaultCodecLimits } from './codec-limits.ts';
import { After, Framing, type HeadReader } from './head-reader.ts';
import { LineSplitter } from './line-splitter.ts';
import { malformed } from './malformed.ts';
import { CR, LF } from './octets.ts';
import { isSmallPart, pieceOf } from './piece.ts';

/** A sink that may take interim responses too. */
export interface WireSink<H> extends MessageSink<H> {
  interim?(head: H): void;
}

const Step = { Head: 0, Length: 1, Chunked: 2, UntilEnd: 3, End: 4, Over: 5 } as const;
type Step = (typeof Step)[keyof typeof Step];

const EMPTY = Buffer.alloc(0);
const NO_TRAILERS: FieldLines = Object.freeze([]);

/** Reads messages whose heads a {@link HeadReader} makes. See {@link MessageReader}. */
export abstract class WireReader<H> implements MessageReader {
  #sink: WireSink<H>;
  readonly #heads: HeadReader<H>;
  readonly #limits: CodecLimits;
  readonly #lines: LineSplitter;
  #chunked: ChunkedBody | undefined = undefined;
  #step: Step = Step.Head;
  #failure: Malformed | undefined = undefined;
  #paused = false;
  /** The sink is being called: what it does takes effect after its call. */
  #running = false;
  #finished = false;
  #taken = false;
  /** What is being read, and where. */
  #chunk: Buffer = EMPTY;
  #at = 0;
  /** What was fed after it. */
  #kept: Buffer[] = [];
  /** Octets of empty lines before the head. */
  #leading = 0;
  /** Octets of the body that are still to come, where its length was said. */
  #left = 0;

  protected constructor(sink: WireSink<H>, heads: HeadReader<H>, limits: CodecLimits) {
    this.#sink = sink;
    this.#heads = heads;
    this.#limits = limits;
    this.#lines = new LineSplitter(heads, {
      maxBytes: limits.maxHeadBytes,
      tooLong: 'head-too-long',
    });
  }

  /**
   * `idle` between two messages, `head` once the first octet of one is there, `body` from its head to its end, `stopped`
   * when nothing more will be read.
   */
  get state(): 'idle' | 'head' | 'body' | 'stopped' {
    if (this.#failure !== undefined || this.#taken || this.#step === Step.Over) return 'stopped';
    if (this.#step !== Step.Head) return 'body';
    return this.#lines.pending === '' ? 'idle' : 'head';
  }

  /** Whether it holds nothing of what it was fed, and could as well begin with another connection. */
  get fresh(): boolean {
    return (
      this.#step === Step.Head &&
      this.#lines.pending === '' &&
      this.#leading === 0 &&
      this.#chunk.length === 0 &&
      this.#kept.length === 0 &&
      !(this.#paused || this.#running || this.#finished || this.#taken) &&
      this.#failure === undefined
    );
  }

  /** Octets that were fed and not looked at, because of `pause` or as they are for the next protocol. */
  get keptBytes(): number {
    let bytes = this.#chunk.length - this.#at;
    for (const { length } of this.#kept) bytes += length;
    return bytes;
  }

  feed(chunk: Buffer): Malformed | undefined {
    if (this.#failure !== undefined || this.#taken || this.#finished) return this.#failure;
    if (this.#at < this.#chunk.length || this.#running || this.#paused) {
      if (chunk.length > 0) this.#kept.push(chunk);
    } else {
      this.#chunk = chunk;
      this.#at = 0;
    }
    return this.#run();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): Malformed | undefined {
    this.#paused = false;
    return this.#run();
  }

  finish(): Malformed | undefined {
    this.#finished = true;
    return this.#run();
  }

  takeRest(): Buffer {
    const rest = this.#chunk.subarray(this.#at);
    const { pending } = this.#lines;
    const whole = this.#kept.length === 0 && pending === '';
    const all = whole ? rest : Buffer.concat([Buffer.from(pending, 'latin1'), rest, ...this.#kept]);
    this.#taken = true;
    this.#forget();
    return all;
  }

  /** Gives what follows to `sink`. Only while it is {@link fresh}. */
  protected attach(sink: WireSink<H>): void {
    this.#sink = sink;
  }

  #run(): Malformed | undefined {
    if (this.#running || this.#paused || this.#taken) return this.#failure;
    this.#running = true;
    try {
      while (!this.#paused && !this.#taken && this.#failure === undefined && this.#goOn()) {
        this.#failure = this.#read();
      }
    } finally {
      this.#running = false;
    }
    if (this.#failure !== undefined) this.#forget();
    else this.#settle();
    return this.#failure;
  }

  /** Whether there is something to read. */
  #goOn(): boolean {
    if (this.#step === Step.End) return true;
    if (this.#step === Step.Over) {
      // Of a tunnel the rest is for the next protocol; after the last message it is for nobody.
      if (this.#heads.after === After.Closed) this.#forget();
      return false;
    }
    if (this.#at < this.#chunk.length) return true;
    const [next] = this.#kept;
    if (next !== undefined) {
      this.#chunk = this.#kept.length === 1 ? next : Buffer.concat(this.#kept);
      this.#at = 0;
      this.#kept = [];
      return true;
    }
    return this.#finished && this.#inputEnded();
  }

  /** True if that was the end of a body. */
  #inputEnded(): boolean {
    if (this.#step === Step.UntilEnd) {
      this.#step = Step.End;
      return true;
    }
    if (this.#step !== Step.Head) this.#failure = malformed('incomplete-body');
    else if (this.#lines.pending !== '') this.#failure = malformed('incomplete-head');
    else this.#step = Step.Over;
    return false;
  }

  /** Keeps no more than what was not read. */
  #settle(): void {
    if (this.#at >= this.#chunk.length) {
      this.#chunk = EMPTY;
      this.#at = 0;
      this.#lines.release();
    } else if (isSmallPart(this.#chunk.length - this.#at, this.#chunk.length)) {
      this.#chunk = Buffer.from(this.#chunk.subarray(this.#at));
      this.#at = 0;
      this.#lines.release();
    }
  }

  /** Lets go of what was not read. */
  #forget(): void {
    this.#chunk = EMPTY;
    this.#at = 0;
    this.#kept = [];
    this.#lines.release();
  }

  #read(): Malformed | undefined {
    switch (this.#step) {
      case Step.Head:
        return this.#readHead();
      case Step.Length:
        this.#left -= this.#chunk.length - this.#at;
        if (this.#left <= 0) this.#step = Step.End;
        this.#give(Math.min(this.#chunk.length, this.#chunk.length + this.#left));
        return undefined;
      case Step.Chunked:
        return this.#readChunks();
      case Step.UntilEnd:
        this.#give(this.#chunk.length);
        return undefined;
      case Step.End:
        this.#step = this.#heads.after === After.Next ? Step.Head : Step.Over;
        this.#sink.end(this.#chunked?.takeTrailers() ?? NO_TRAILERS);
        return undefined;
      case Step.Over:
        return undefined;
    }
  }

  /** Gives the chunk up to `end` to the sink. */
  #give(end: number): void {
    const start = this.#at;
    this.#at = end;
    this.#sink.data(pieceOf(this.#chunk, start, end));
  }

  #readChunks(): Malformed | undefined {
    const body = this.#chunked;
    if (body === undefined) return undefined;
    this.#at = body.scan(this.#chunk, this.#at);
    const { left } = body;
    const given = Math.min(left, this.#chunk.length - this.#at);
    if (body.complete) this.#step = Step.End;
    else if (given > 0) {
      body.skip(given);
      this.#give(this.#at + given);
    }
    return body.failure;
  }

  #readHead(): Malformed | undefined {
    const lines = this.#lines;
    if (lines.pending === '') {
      const failure = this.#skipLeading();
      if (failure !== undefined || this.#at >= this.#chunk.length) return failure;
    }
    const end = lines.read(this.#chunk, this.#at);
    if (end === -1) {
      this.#at = this.#chunk.length;
      return lines.failure;
    }
    this.#at = end;
    this.#leading = 0;
    const head = this.#heads.finish(lines.text, lines.linesAt, lines.endsAt);
    if (head === undefined) return this.#heads.failure;
    if (this.#heads.framing === Framing.Interim) {
      this.#sink.interim?.(head);
    } else {
      this.#beginBody();
      this.#sink.head(head);
    }
    return undefined;
  }

  #beginBody(): void {
    switch (this.#heads.framing) {
      case Framing.None:
      case Framing.Interim:
        this.#step = Step.End;
        return;
      case Framing.Length:
        this.#left = this.#heads.length;
        this.#step = Step.Length;
        return;
      case Framing.Chunked:
        this.#chunked ??= new ChunkedBody(this.#limits);
        this.#chunked.reset();
        this.#step = Step.Chunked;
        return;
      case Framing.UntilEnd:
        this.#step = Step.UntilEnd;
    }
  }

  /** Passes over empty lines before the first line. */
  #skipLeading(): Malformed | undefined {
    while (this.#at < this.#chunk.length) {
      const octet = this.#chunk[this.#at] ?? 0;
      const afterCr = (this.#leading & 1) === 1;
      if (octet !== (afterCr ? LF : CR)) return afterCr ? malformed('bare-cr') : undefined;
      const { maxLeading } = this.#heads;
      if (this.#leading === maxLeading) {
        return maxLeading === 0 ? undefined : malformed('leading-crlf');
      }
      this.#leading += 1;
      this.#at += 1;
    }
    return undefined;
  }
}

/** `limits` with the defaults for those that are not there. */
export function withDefaultLimits(limits: Partial<CodecLimits>): CodecLimits {
  return { ...defaultCodecLimits, ...limits };
}
