// An answer of many messages, written as the transport has room for them (RFC 5936 §2.2).
import { toError, UsageError } from '@hawser/core';
import type { AnswerStream } from '../contract/answer.ts';
import type { DnsErrorCode } from '../errors.ts';
import type { MessageWriter } from '../message/writer.ts';
import { Class } from '../numbers.ts';
import type { RRset } from '../zone/rrset.ts';
import type { ReplyStream } from './reply.ts';

/** Where a message is ended: names beyond it could not be pointed at. */
const MESSAGE_BYTES = 0x4000;

/** What an {@link AnswerPuller} needs besides the answer. */
export interface PullerParts {
  /** Lent for the time of one call. */
  readonly writer: MessageWriter;
  /** Begins a message; the first one has the question. */
  begin(first: boolean): void;
  /** Ends the message that was begun: flags, signature. */
  finish(): Buffer;
  failed(error: Error): void;
}

/** Takes the records of an {@link AnswerStream} a message at a time. */
export class AnswerPuller implements ReplyStream {
  failed = false;
  readonly #stream: AnswerStream;
  readonly #parts: PullerParts;
  #records: Iterator<RRset> | undefined;
  /** What comes next: the record `#index` of it. */
  #rrset: RRset | undefined;
  #index = 0;
  #first = true;
  #over = false;

  constructor(stream: AnswerStream, parts: PullerParts) {
    this.#stream = stream;
    this.#parts = parts;
  }

  next(): Buffer | undefined {
    if (this.#over) return undefined;
    try {
      const message = this.#fill();
      if (message === undefined) this.#end(undefined);
      return message;
    } catch (thrown) {
      const error = toError(thrown);
      this.#parts.failed(error);
      this.#abandon(error);
      return undefined;
    }
  }

  cancel(why: Error): void {
    this.#abandon(why);
  }

  #fill(): Buffer | undefined {
    const { writer } = this.#parts;
    this.#records ??= this.#stream.rrsets[Symbol.iterator]();
    if (this.#rrset === undefined) this.#advance(this.#records);
    if (this.#rrset === undefined && !this.#first) return undefined;
    this.#parts.begin(this.#first);
    const start = writer.size;
    while (this.#rrset !== undefined && writer.size < MESSAGE_BYTES) {
      const { name, type, ttl, records } = this.#rrset;
      const rdata = records[this.#index];
      if (rdata === undefined) {
        this.#advance(this.#records);
        continue;
      }
      if (!writer.record('answer', { name, type, class: Class.IN, ttl, rdata })) {
        if (writer.size > start) break;
        throw new UsageError<DnsErrorCode>(
          'HAWSER_DNS_RDATA',
          `Cannot send a record of "${name}" as it fits into no message`,
        );
      }
      this.#index++;
    }
    this.#first = false;
    return this.#parts.finish();
  }

  #advance(records: Iterator<RRset>): void {
    const { done, value } = records.next();
    this.#rrset = done === true ? undefined : value;
    this.#index = 0;
  }

  #abandon(why: Error): void {
    if (this.#over) return;
    this.failed = true;
    try {
      this.#records?.return?.();
    } catch (thrown) {
      this.#parts.failed(toError(thrown));
    }
    this.#end(why);
  }

  #end(why: Error | undefined): void {
    this.#over = true;
    this.#records = undefined;
    this.#rrset = undefined;
    try {
      this.#stream.ended?.(why);
    } catch (thrown) {
      this.#parts.failed(toError(thrown));
    }
  }
}
