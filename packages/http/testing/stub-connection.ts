import type { Clock, DelayedCall, Protocol, Transport } from '@hawser/core';
import type { FieldLines } from '../src/contract/field-lines.ts';
import type { RequestHead } from '../src/contract/message-head.ts';
import { RequestReader } from '../src/wire/request-reader.ts';
import { encodeReply, type StubReplies, type StubReply } from './stub-reply.ts';
import type { StubRequest } from './stub-request.ts';

/** What a connection of a stub server needs of it. */
export interface StubConnectionParts {
  readonly number: number;
  readonly clock: Clock;
  begins(
    head: Pick<RequestHead, 'method' | 'target' | 'authority' | 'fields' | 'rawFields'>,
    where: { readonly connection: number; readonly at: number },
  ): { readonly request: StubRequest; readonly reply: StubReplies };
  malformed(code: string): void;
}

/** Reads requests as strictly as a server, and answers as it was told. One request at a time. */
export class StubConnection implements Protocol {
  readonly #parts: StubConnectionParts;
  readonly #reader: RequestReader;
  #transport: Transport | undefined;
  #current:
    | { readonly request: StubRequest; readonly reply: StubReplies; readonly early: boolean }
    | undefined;
  #answering = false;
  #timer: DelayedCall | undefined;

  constructor(parts: StubConnectionParts) {
    this.#parts = parts;
    this.#reader = new RequestReader({
      head: (head) => this.#head(head),
      data: (chunk) => this.#current?.request.add(chunk),
      end: (trailers) => this.#end(trailers),
    });
  }

  connectionMade(transport: Transport): void {
    this.#transport = transport;
  }

  dataReceived(data: Buffer): void {
    const malformed = this.#reader.feed(data);
    if (!malformed) return;
    this.#parts.malformed(malformed.code);
    this.#transport?.abort();
  }

  readEnded(): void {
    if (!this.#answering) this.#transport?.end();
  }

  connectionLost(): void {
    this.#timer?.cancel();
  }

  #head(head: RequestHead): void {
    const { number: connection, clock } = this.#parts;
    const { request, reply } = this.#parts.begins(head, { connection, at: clock.now() });
    const early = typeof reply === 'object' && reply.early === true;
    this.#current = { request, reply, early };
    if (early) this.#answer(request, reply);
    else if (head.expectsContinue) {
      this.#transport?.write(Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'));
    }
  }

  #end(trailers: FieldLines): void {
    const current = this.#current;
    if (!current) return;
    const { request, reply, early } = current;
    request.trailers = trailers;
    request.complete = true;
    this.#current = undefined;
    if (early) return;
    // Not before: it may look at the body.
    this.#answer(request, typeof reply === 'function' ? reply(request) : reply);
  }

  #answer(request: StubRequest, reply: StubReply): void {
    this.#answering = true;
    // One request at a time; an early answer is given while the rest of its request comes.
    if (typeof reply === 'string' || !reply.early) this.#reader.pause();
    if (reply === 'silence') return;
    if (reply === 'reset') {
      this.#transport?.abort();
      return;
    }
    const { delayMs = 0, pieceDelayMs = 0 } = reply;
    const untilClose = 'framing' in reply && reply.framing === 'until-close';
    const { end = untilClose ? 'close' : 'keep' } = reply;
    const pieces = encodeReply(reply, request.method);
    const next = (): void => {
      const piece = pieces.shift();
      if (piece && piece.length > 0) this.#transport?.write(piece);
      if (pieces.length > 0) this.#later(pieceDelayMs, next);
      else this.#finish(end);
    };
    this.#later(delayMs, next);
  }

  #finish(end: 'keep' | 'close' | 'reset'): void {
    this.#answering = false;
    if (end === 'close') this.#transport?.close();
    else if (end === 'reset') this.#transport?.abort();
    else this.#reader.resume();
  }

  #later(ms: number, call: () => void): void {
    if (ms === 0) this.#parts.clock.callSoon(call);
    else this.#timer = this.#parts.clock.callLater(ms, call);
  }
}
