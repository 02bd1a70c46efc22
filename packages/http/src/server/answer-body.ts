import { UsageError } from '@hawser/core';
import type { OutgoingBody } from '../contract/body.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import { formatLastChunk } from '../wire/format-chunk.ts';
import type { Output } from './output.ts';

/** How a body is delimited. */
export interface AnswerFraming {
  /** `none`: HEAD, 204, 205 and 304. `raw`: by its length, or by the end of the connection. */
  readonly kind: 'none' | 'raw' | 'chunked';
  /** What the head promised; `undefined` if nothing. */
  readonly length: number | undefined;
}

/** Whose answer an {@link AnswerBody} is. */
export interface AnswerOwner {
  readonly output: Output;
  /** The peer has left, or the answer was given up. */
  readonly gone: boolean;
  /** The peer has asked for trailers (RFC 9110 §10.1.4). */
  readonly wantsTrailers: boolean;
  /** Something was given to the output. */
  written(): void;
  /** Everything was. */
  completed(): void;
  /** The peer must not take what it got for the whole. */
  cutOff(error: Error): void;
  /** User code did what it must not. */
  report(thrown: unknown): void;
  /** Calls `listener` in a later turn. */
  soon(listener: () => void): void;
}

/** The body of an answer that leaves as it comes. */
export class AnswerBody implements OutgoingBody {
  readonly #owner: AnswerOwner;
  readonly #framing: AnswerFraming;
  #bytes = 0;
  #ended = false;
  #listeners: (() => void)[] = [];

  constructor(owner: AnswerOwner, framing: AnswerFraming) {
    this.#owner = owner;
    this.#framing = framing;
  }

  write(chunk: Uint8Array): boolean {
    const owner = this.#owner;
    if (this.#ended || owner.gone) return false;
    const { kind, length } = this.#framing;
    if (kind === 'none' || chunk.length === 0) return !owner.output.full;
    this.#bytes += chunk.length;
    if (length !== undefined && this.#bytes > length) {
      this.#broken(`longer than the ${length} bytes it promised`);
      return false;
    }
    if (kind === 'chunked') {
      owner.output.text(`${chunk.length.toString(16)}\r\n`);
      owner.output.bytes(chunk, '\r\n');
    } else {
      owner.output.bytes(chunk);
    }
    owner.written();
    return !owner.output.full;
  }

  onceDrained(listener: () => void): void {
    const owner = this.#owner;
    if (this.#ended || owner.gone) return;
    this.#listeners.push(listener);
    if (!owner.output.full) owner.soon(() => this.drained());
  }

  end(trailers?: FieldLines): void {
    const owner = this.#owner;
    if (this.#ended || owner.gone) return;
    const { kind, length } = this.#framing;
    if (kind !== 'none' && length !== undefined && this.#bytes < length) {
      this.#broken(`shorter than the ${length} bytes it promised: ${this.#bytes}`);
      return;
    }
    const last = kind === 'chunked' ? this.#lastChunk(trailers) : '';
    this.#ended = true;
    this.#listeners = [];
    owner.output.text(last);
    owner.completed();
  }

  abort(error: Error): void {
    const owner = this.#owner;
    if (this.#ended || owner.gone) return;
    this.#ended = true;
    this.#listeners = [];
    // Nothing of it was to be sent.
    if (this.#framing.kind === 'none') owner.completed();
    else owner.cutOff(error);
  }

  /** The peer has taken everything. */
  drained(): void {
    const listeners = this.#listeners;
    if (listeners.length === 0 || this.#owner.gone || this.#owner.output.full) return;
    this.#listeners = [];
    for (const listener of listeners) {
      try {
        listener();
      } catch (thrown) {
        this.#owner.report(thrown);
      }
    }
  }

  /** Bad trailers throw, also where nobody wants them. */
  #lastChunk(trailers: FieldLines | undefined): string {
    if (!trailers || trailers.length === 0) return formatLastChunk();
    const last = formatLastChunk(trailers);
    return this.#owner.wantsTrailers ? last : formatLastChunk();
  }

  #broken(how: string): void {
    this.#ended = true;
    this.#listeners = [];
    const error = new UsageError(
      'HAWSER_NOT_AVAILABLE',
      `Cannot finish the answer as its body is ${how}`,
    );
    this.#owner.report(error);
    this.#owner.cutOff(error);
  }
}
