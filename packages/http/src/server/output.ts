import { ProtocolError, type Transport } from '@hawser/core';
import { httpDate } from '../wire/http-date.ts';
import { answerBytes } from './answer-bytes.ts';

/** Text that is gathered before it is written without being asked. */
const GATHER_CHARS = 16_384;
/** Bytes up to this length are copied to what is gathered: a buffer of its own costs more. */
const COPY_BYTES = 2_048;
/** Longest piece given to the transport at once, so that a slow peer is seen to make progress. */
const PIECE_BYTES = 262_144;
/** What may wait behind a large chunk, from somebody who does not care whether it is taken; as for a transport. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/**
 * What leaves on one connection. Heads and small bodies of one turn are joined to one write, which is most of what
 * pipelining saves; a large body leaves in pieces, no faster than the peer takes them.
 */
export class Output {
  readonly #transport: Transport;
  /** Latin1, one character a byte. */
  #text = '';
  /** The time for what is gathered, once it was asked for. */
  #date: string | undefined;
  /** A large chunk that is on its way, and what was written after it. */
  #waiting: Uint8Array[] = [];
  #waitingBehind = 0;
  #full = false;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** True from when the peer should take something before it is sent more, until `drained`. */
  get full(): boolean {
    return this.#full;
  }

  /** True while something waits for {@link flush}. */
  get gathered(): boolean {
    return this.#text !== '';
  }

  /** The time for a Date field: one for all that leaves together. */
  get date(): string {
    // What waits behind a large chunk may do so for long.
    if (this.#text === '' || this.#waiting.length > 0) this.#date = undefined;
    this.#date ??= httpDate(this.#transport.reactor.clock);
    return this.#date;
  }

  /** One character a byte. */
  text(latin1: string): void {
    this.#text += latin1;
    if (this.#text.length > GATHER_CHARS) this.#pass();
  }

  /** Text without a character above 127, of any length. */
  ascii(text: string): void {
    if (text.length <= GATHER_CHARS) this.text(text);
    else this.bytes(Buffer.from(text, 'latin1'));
  }

  /** Takes ownership. `after` is text that leaves with it. */
  bytes(chunk: Uint8Array, after = ''): void {
    if (chunk.length <= COPY_BYTES) {
      this.text(latin1Of(chunk) + after);
    } else if (this.#waiting.length > 0 || chunk.length > PIECE_BYTES) {
      this.#pass();
      this.#enqueue(chunk);
      this.text(after);
    } else if (!this.#transport.ending) {
      const before = this.#text;
      this.#text = '';
      this.#date = undefined;
      if (!this.#transport.writeMany(joined(before, chunk, after))) this.#full = true;
    }
  }

  /** Gives what was gathered to the transport; behind a large chunk, once that is on its way. */
  flush(): void {
    // Or each of many small pieces would wait as a buffer of its own.
    if (this.#waiting.length === 0) this.#pass();
  }

  /** The transport has sent everything. Goes on with what waits; `full` tells how far it came. */
  drained(): void {
    this.#full = false;
    if (this.#waiting.length > 0) this.#send();
    else this.#pass();
  }

  #pass(): void {
    const text = this.#text;
    if (text === '') return;
    this.#text = '';
    this.#date = undefined;
    if (this.#transport.ending) return;
    const bytes = answerBytes(text);
    if (this.#waiting.length > 0) this.#enqueue(bytes);
    else if (!this.#transport.write(bytes)) this.#full = true;
  }

  #enqueue(chunk: Uint8Array): void {
    if (this.#transport.ending) return;
    this.#waiting.push(chunk);
    if (this.#waiting.length > 1) {
      this.#waitingBehind += chunk.length;
      if (this.#waitingBehind > MAX_WAITING_BYTES) this.#overflow();
    } else {
      this.#send();
    }
  }

  #send(): void {
    while (!this.#full && !this.#transport.ending) {
      const chunk = this.#waiting[0];
      if (!chunk) {
        this.#pass();
        return;
      }
      const piece = chunk.length > PIECE_BYTES ? chunk.subarray(0, PIECE_BYTES) : chunk;
      if (!this.#transport.write(piece)) this.#full = true;
      if (piece !== chunk) {
        this.#waiting[0] = chunk.subarray(PIECE_BYTES);
      } else {
        this.#waiting.shift();
        this.#waitingBehind -= this.#waiting[0]?.length ?? 0;
      }
    }
    // Whoever waits for the peer must not take what is left for sent.
    if (this.#waiting.length > 0) this.#full = true;
  }

  #overflow(): void {
    this.#waiting = [];
    this.#transport.abort(
      new ProtocolError(
        'HAWSER_WRITE_QUEUE_FULL',
        `Cannot queue more than ${MAX_WAITING_BYTES} bytes for a peer that does not read`,
      ),
    );
  }
}

function joined(before: string, chunk: Uint8Array, after: string): Uint8Array[] {
  const list = [chunk];
  if (before !== '') list.unshift(Buffer.from(before, 'latin1'));
  if (after !== '') list.push(Buffer.from(after, 'latin1'));
  return list;
}

function latin1Of(chunk: Uint8Array): string {
  const buffer = Buffer.isBuffer(chunk)
    ? chunk
    : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  return buffer.toString('latin1');
}
