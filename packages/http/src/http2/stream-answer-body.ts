import type { Http2Stream, OutgoingHttpHeaders } from 'node:http2';
import { toError } from '@hawser/core';
import type { OutgoingBody } from '../contract/body.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import { toNodeHeaders } from './response-headers.ts';
import type { StreamHost } from './stream-host.ts';

/** What waits for the peer from which on `write` says false. */
const HIGH_WATER_MARK = 65_536;
/** Given to the stream at a time: what has left is known by the piece. */
const PIECE_BYTES = 32_768;

/** What a {@link StreamAnswerBody} is made of: the stream of a server, or of a client whose request it is. */
export interface StreamAnswerBodyParts {
  readonly stream: Http2Stream;
  /** Octets that `content-length` promises. */
  readonly promised: number | undefined;
  readonly wantsTrailers: boolean;
  /** Resets the stream: the answer is given up, by {@link OutgoingBody.abort} or a broken promise. */
  readonly gaveUp: (error: Error) => void;
  /** Bytes wait for the peer, where none did. */
  readonly waits: () => void;
  /** Something has left; so many octets wait. */
  readonly sent?: (left: number) => void;
}

/** The body of an answer over HTTP/2, sent as fast as the windows of the peer allow. */
export class StreamAnswerBody implements OutgoingBody {
  readonly #host: Pick<StreamHost, 'guarded' | 'problem'>;
  readonly #parts: StreamAnswerBodyParts;
  readonly #pieces: Uint8Array[] = [];
  /** Octets that wait, with the piece that is being sent. */
  #queued = 0;
  #sending = false;
  #written = 0;
  #state: 'open' | 'ending' | 'done' = 'open';
  #drained: (() => void)[] = [];
  #trailers: OutgoingHttpHeaders = {};

  constructor(host: Pick<StreamHost, 'guarded' | 'problem'>, parts: StreamAnswerBodyParts) {
    this.#host = host;
    this.#parts = parts;
    if (parts.wantsTrailers) parts.stream.on('wantTrailers', () => this.#sendTrailers());
  }

  /** Octets that wait for the peer. */
  get queuedBytes(): number {
    return this.#queued;
  }

  write(chunk: Uint8Array): boolean {
    const { promised, waits } = this.#parts;
    if (this.#state !== 'open' || this.#isClosed) return false;
    this.#written += chunk.length;
    if (promised !== undefined && this.#written > promised) {
      this.#breakOff(`it is longer than its content-length of ${promised}`);
      return false;
    }
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      this.#pieces.push(chunk.subarray(at, at + PIECE_BYTES));
    }
    this.#queued += chunk.length;
    this.#sendNext();
    if (this.#queued > 0) waits();
    return this.#queued < HIGH_WATER_MARK;
  }

  onceDrained(listener: () => void): void {
    if (this.#state !== 'open' || this.#isClosed) return;
    if (this.#queued === 0) process.nextTick(() => this.#host.guarded(listener));
    else this.#drained.push(listener);
  }

  end(trailers: FieldLines = []): void {
    const { promised, wantsTrailers } = this.#parts;
    if (this.#state !== 'open' || this.#isClosed) return;
    if (promised !== undefined && this.#written < promised) {
      this.#breakOff(`it has ${this.#written} octets of the ${promised} of its content-length`);
      return;
    }
    if (wantsTrailers) this.#takeTrailers(trailers);
    this.#state = 'ending';
    this.#sendNext();
  }

  abort(error: Error): void {
    if (this.#state !== 'open' || this.#isClosed) return;
    this.#state = 'done';
    this.#pieces.length = 0;
    this.#parts.gaveUp(error);
  }

  get #isClosed(): boolean {
    const { stream } = this.#parts;
    return stream.destroyed || stream.closed;
  }

  #sendNext(): void {
    if (this.#sending || this.#state === 'done') return;
    const { stream } = this.#parts;
    const piece = this.#pieces.shift();
    // The last piece carries the end of the stream.
    if (this.#state === 'ending' && this.#pieces.length === 0) {
      this.#state = 'done';
      if (piece) stream.end(piece, () => this.#sent(piece.length));
      else stream.end();
    } else if (piece) {
      this.#sending = true;
      stream.write(piece, (error) => {
        this.#sending = false;
        if (!error) this.#sent(piece.length);
      });
    }
  }

  #sent(bytes: number): void {
    this.#queued -= bytes;
    this.#parts.sent?.(this.#queued);
    this.#sendNext();
    if (this.#queued > 0) return;
    const drained = this.#drained;
    this.#drained = [];
    for (const listener of drained) this.#host.guarded(listener);
  }

  #sendTrailers(): void {
    const { stream, gaveUp } = this.#parts;
    if (this.#isClosed) return;
    try {
      stream.sendTrailers(this.#trailers);
    } catch (thrown) {
      // Node wants some fields at most once.
      this.#host.problem(thrown);
      gaveUp(toError(thrown));
    }
  }

  #takeTrailers(trailers: FieldLines): void {
    try {
      this.#trailers = toNodeHeaders(trailers);
    } catch (thrown) {
      this.#host.problem(thrown);
    }
  }

  #breakOff(why: string): void {
    const error = new TypeError(`Cannot send a body as ${why}`);
    this.#host.problem(error);
    this.abort(error);
  }
}
