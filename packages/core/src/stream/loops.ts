import type { ByteQueue } from '../bytes/byte-queue.ts';
import type { Decoder } from '../bytes/frame-decoder.ts';
import { LineCutter, type LineOptions } from '../bytes/line-cutter.ts';
import { IncompleteRead } from './incomplete-read.ts';
import { MessageLoop } from './message-loop.ts';
import { ANYTHING, atEnd } from './stream-read.ts';
import { type StreamReader, WAIT } from './stream-reader.ts';

/** Whatever comes, as it comes. */
export class ChunkLoop extends MessageLoop<Buffer> {
  cut(queue: ByteQueue, ended: boolean): Buffer | undefined | typeof WAIT {
    return ANYTHING.cut(queue, ended);
  }

  protected override cutChunk(chunk: Buffer): Buffer {
    return chunk;
  }
}

/** Lines as text. */
export class LineLoop extends MessageLoop<string> {
  readonly #lines: LineCutter;
  readonly #encoding: BufferEncoding;

  constructor(reader: StreamReader, options: LineOptions, encoding: BufferEncoding) {
    super(reader);
    this.#lines = new LineCutter(options);
    this.#encoding = encoding;
  }

  cut(queue: ByteQueue, ended: boolean): string | undefined | typeof WAIT {
    return this.#lines.cut(queue)?.toString(this.#encoding) ?? atEnd(queue, ended, 'a line');
  }

  protected override restart(): void {
    this.#lines.restart();
  }
}

/** What a decoder makes of the input. It has the bytes while the loop runs. */
export class FrameLoop<Frame> extends MessageLoop<Frame> {
  readonly #decoder: Decoder<Frame>;

  constructor(reader: StreamReader, decoder: Decoder<Frame>) {
    super(reader, decoder);
    this.#decoder = decoder;
  }

  cut(queue: ByteQueue, ended: boolean): Frame | undefined | typeof WAIT {
    // What the decoder has comes first: it would grow for ever if it took more, and the queue never make the peer wait.
    let frame = this.#decoder.next();
    if (frame === undefined && queue.length > 0) frame = this.#decoder.push(queue.takeAll()).next();
    if (frame !== undefined) return frame;
    if (!ended) return WAIT;
    if (this.held > 0) throw new IncompleteRead('a frame', this.held);
    return undefined;
  }

  protected override cutChunk(chunk: Buffer): Frame | typeof WAIT {
    return this.#decoder.push(chunk).next() ?? WAIT;
  }

  protected override get held(): number {
    return this.#decoder.buffered;
  }
}
