import { type Transport, UsageError } from '@hawser/core';
import type { OutgoingBody } from '../contract/body.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import { encodeHead } from '../wire/encode-message.ts';
import { formatChunk, formatLastChunk } from '../wire/format-chunk.ts';

/** What the body of a request tells about itself. */
export interface RequestBodyEvents {
  /** The peer has to take something before more may be written. */
  full(): void;
  ended(): void;
  failed(error: Error): void;
}

/** The body of a request over HTTP/1: as long as it promised, or in chunks (RFC 9112 §7.1). */
export class Http1RequestBody implements OutgoingBody {
  readonly #transport: Transport;
  readonly #events: RequestBodyEvents;
  #left: number | undefined;
  #over = false;
  #listener: (() => void) | undefined;

  constructor(transport: Transport, length: number | undefined, events: RequestBodyEvents) {
    this.#transport = transport;
    this.#left = length;
    this.#events = events;
  }

  write(chunk: Uint8Array): boolean {
    if (this.#over) return false;
    if (chunk.length === 0) return true;
    let room: boolean;
    if (this.#left === undefined) {
      room = this.#transport.writeMany(formatChunk(chunk));
    } else if (chunk.length > this.#left) {
      this.abort(wrongLength());
      return false;
    } else {
      this.#left -= chunk.length;
      room = this.#transport.write(chunk);
    }
    if (!room) this.#events.full();
    return room;
  }

  onceDrained(listener: () => void): void {
    this.#listener = listener;
  }

  end(trailers: FieldLines = []): void {
    if (this.#over) return;
    if ((this.#left ?? 0) > 0) {
      this.abort(wrongLength());
      return;
    }
    this.#over = true;
    if (this.#left === undefined) this.#transport.write(encodeHead(formatLastChunk(trailers)));
    this.#events.ended();
  }

  abort(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#events.failed(error);
  }

  /** What comes from now on is dropped. */
  stop(): void {
    this.#over = true;
  }

  drained(): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.();
  }
}

function wrongLength(): UsageError {
  return new UsageError(
    'HAWSER_NOT_AVAILABLE',
    'Cannot send a body of another length than it said',
  );
}
