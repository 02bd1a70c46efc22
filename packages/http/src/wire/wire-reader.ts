// What requests and responses share of reading: where a message begins and ends (RFC 9112 §2, §6, §7).
//
//   lines -> (length | chunks | until the end) -> [trailers] -> end -> lines ...
//
// The head of a message is one string, made once, from which its parts are cut. Bodies are given on without a copy.
import type { CodecLimits, Malformed, MessageReader, MessageSink } from '../contract/codec.ts';
import { ChunkScanner } from './chunk-scanner.ts';
import { defaultCodecLimits } from './codec-limits.ts';
import { After, Framing, type HeadReader } from './head-reader.ts';
import { LineSplitter } from './line-splitter.ts';
import { malformed } from './malformed.ts';
import { CR, LF } from './octets.ts';
import { pieceOf } from './piece.ts';
import { TrailerReader } from './trailer-reader.ts';

/** A sink that also takes interim responses. */
export interface WireSink<H> extends MessageSink<H> {
  interim?(head: H): void;
}

const Step = { Head: 0, Length: 1, Chunked: 2, UntilEnd: 3, Trailers: 4, End: 5, Over: 6 } as const;
type Step = (typeof Step)[keyof typeof Step];

const EMPTY = Buffer.alloc(0);

/** Reads messages whose heads a {@link HeadReader} makes. See {@link MessageReader}. */
export abstract class WireReader<H extends object> implements MessageReader {
  readonly #sink: WireSink<H>;
  readonly #heads: HeadReader<H>;
  readonly #lines: LineSplitter;
  readonly #chunks: ChunkScanner;
  readonly #trailers: TrailerReader;
  readonly #trailerLines: LineSplitter;
  #step: Step = Step.Head;
  #failure: Malformed | undefined = undefined;
  #paused = false;
  #running = false;
  #finished = false;
  #taken = false;

  /** What is being read, and where. */
  #chunk: Buffer = EMPTY;
  #at = 0;
  /** What was fed and not looked at. */
  #kept: Buffer[] = [];
  /** Octets of empty lines before the head. */
  #leading = 0;
  /** Octets of the body that are still to come, where its length was said. */
  #left = 0;

  protected constructor(
    sink: WireSink<H>,
    heads: (limits: CodecLimits) => HeadReader<H>,
    limits: Partial<CodecLimits>,
  ) {
    this.#sink = sink;
    const all = { ...defaultCodecLimits, ...limits };
    this.#heads = heads(all);
    this.#lines = new LineSplitter(this.#heads, {
      maxBytes: all.maxHeadBytes,
      tooLong: 'head-too-long',
    });
    this.#chunks = new ChunkScanner(all.maxChunkExtensionBytes);
    this.#trailers = new TrailerReader(all.maxFields);
    this.#trailerLines = new LineSplitter(this.#trailers, {
      maxBytes: all.maxTrailerBytes,
      tooLong: 'trailers-too-long',
    });
  }

  get state(): 'idle' | 'head' | 'body' | 'stopped' {
    if (this.#failure !== undefined || this.#taken || this.#step === Step.Over) return 'stopped';
    if (this.#step !== Step.Head) return 'body';
    return this.#lines.pending === '' ? 'idle' : 'head';
  }

  /** Octets that were fed and are kept because of `pause`. */
  get keptBytes(): number {
    return this.#kept.reduce((sum, { length }) => sum + length, this.#chunk.length - this.#at);
  }

  feed(chunk: Buffer): Malformed | undefined {
    if (this.#failure !== undefined || this.#taken || this.#finished) return this.#failure;
    if (this.#running || this.#paused || this.#at < this.#chunk.length) {
      if (chunk.length > 0) this.#kept.push(chunk);
      return this.#running ? undefined : this.#run();
    }
    this.#chunk = chunk;
    this.#at = 0;
    return this.#run();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): Malformed | undefined {
    this.#paused = false;
    return this.#running || this.#taken ? this.#failure : this.#run();
  }

  finish(): Malformed | undefined {
    this.#finished = true;
    return this.#running || this.#taken ? this.#failure : this.#run();
  }

  takeRest(): Buffer {
    const rest = this.#chunk.subarray(this.#at);
    const all = this.#kept.length === 0 ? rest : Buffer.concat([rest, ...this.#kept]);
    this.#taken = true;
    this.#forget();
    const { pending } = this.#lines;
    return pending === '' ? all : Buffer.concat([Buffer.from(pending, 'latin1'), all]);
  }

  #run(): Malformed | undefined {
    this.#running = true;
    try {
      this.#readAll();
    } finally {
      this.#running = false;
    }
    this.#lines.release();
    this.#trailerLines.release();
    if (this.#failure !== undefined) this.#forget();
    else if (this.#at < this.#chunk.length) {
      this.#chunk = pieceOf(this.#chunk, this.#at, this.#chunk.length);
    } else {
      this.#chunk = EMPTY;
    }
    this.#at = 0;
    return this.#failure;
  }

  /** Lets go of what was not read. */
  #forget(): void {
    this.#chunk = EMPTY;
    this.#at = 0;
    this.#kept = [];
  }

  #readAll(): void {
    while (!this.#paused && !this.#taken && this.#failure === undefined) {
      if (this.#step === Step.End) {
        this.#end();
        continue;
      }
      if (this.#at >= this.#chunk.length && !this.#nextChunk()) {
        // The end of the input may have completed a body.
        if (this.#finished && this.#inputEnded()) continue;
        return;
      }
      if (this.#step === Step.Over) {
        // Of a tunnel the rest belongs to the next protocol; after the last message it is nobody's.
        if (this.#heads.after === After.Tunnel) return;
        this.#forget();
        continue;
      }
      this.#failure = this.#read();
    }
  }

  #read(): Malformed | undefined {
    switch (this.#step) {
      case Step.Head:
        return this.#readHead();
      case Step.Length:
        this.#left -= this.#give(this.#left);
        if (this.#left === 0) this.#step = Step.End;
        return undefined;
      case Step.Chunked:
        return this.#readChunks();
      case Step.Trailers: {
        this.#at = this.#trailerLines.read(this.#chunk, this.#at);
        if (this.#at === -1) this.#at = this.#chunk.length;
        else this.#step = Step.End;
        return this.#trailerLines.failure;
      }
      case Step.UntilEnd:
        this.#give(Number.POSITIVE_INFINITY);
        return undefined;
      case Step.End:
      case Step.Over:
        return undefined;
    }
  }

  #nextChunk(): boolean {
    this.#at = 0;
    if (this.#kept.length === 0) {
      this.#chunk = EMPTY;
      return false;
    }
    this.#chunk = this.#kept.length === 1 ? (this.#kept[0] ?? EMPTY) : Buffer.concat(this.#kept);
    this.#kept = [];
    return true;
  }

  /** True if that was the end of a body. */
  #inputEnded(): boolean {
    if (this.#step === Step.UntilEnd) {
      this.#step = Step.End;
      return true;
    }
    if (this.#step === Step.Head) {
      if (this.#lines.pending !== '') this.#failure = malformed('incomplete-head');
    } else if (this.#step !== Step.Over) {
      this.#failure = malformed('incomplete-body');
    }
    return false;
  }

  #end(): void {
    this.#step = this.#heads.after === After.Next ? Step.Head : Step.Over;
    this.#sink.end(this.#trailers.take());
  }

  /** Gives at most `most` octets of the chunk to the sink. */
  #give(most: number): number {
    const start = this.#at;
    const end = Math.min(this.#chunk.length, start + most);
    this.#at = end;
    this.#sink.data(pieceOf(this.#chunk, start, end));
    return end - start;
  }

  #readChunks(): Malformed | undefined {
    const chunks = this.#chunks;
    if (chunks.inData) {
      const given = Math.min(chunks.left, this.#chunk.length - this.#at);
      chunks.skip(given);
      this.#give(given);
      return undefined;
    }
    this.#at = chunks.scan(this.#chunk, this.#at);
    if (chunks.last) this.#step = Step.Trailers;
    return chunks.failure;
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
    const head = this.#heads.finish(lines.text, lines.linesAt);
    if (head === undefined) return this.#heads.failure;
    if (this.#heads.framing === Framing.Interim) this.#sink.interim?.(head);
    else {
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
        this.#chunks.reset();
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
      if (this.#leading === this.#heads.maxLeading) {
        return this.#leading === 0 ? undefined : malformed('leading-crlf');
      }
      this.#leading += 1;
      this.#at += 1;
    }
    return undefined;
  }
}
