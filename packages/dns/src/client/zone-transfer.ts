// A zone, or what changed in it, from a server (RFC 5936, RFC 1995, over TLS RFC 9103).
import {
  type Clock,
  type Deferred,
  type OperationOptions,
  TimeoutError,
  withSignal,
} from '@hawser/core';
import { usageError } from '../errors.ts';
import type { EdnsOptionData } from '../message/edns.ts';
import { Flag } from '../message/header.ts';
import { type DnsMessage, parseMessage } from '../message/parse-message.ts';
import type { DnsRecord } from '../message/record.ts';
import type { Name } from '../name.ts';
import { Class, formatRcode, Opcode, Rcode, Type } from '../numbers.ts';
import { encodeRdata } from '../rdata/encode-rdata.ts';
import type { TsigKey } from '../tsig/key.ts';
import { signTsigRequest, tsigBytes } from '../tsig/sign.ts';
import { TsigStreamVerifier } from '../tsig/tsig-stream.ts';
import { tsigFailure } from './attempt.ts';
import { DnsClientError } from './client-error.ts';
import { encodeRequest } from './dns-request.ts';
import type { StreamChannel } from './stream-channel.ts';
import { TransferInbox } from './transfer-inbox.ts';
import { TransferReader, type TransferStyle } from './transfer-reader.ts';

/** Options for a transfer. */
export interface TransferOptions extends OperationOptions {
  /** The serial there is already: ask for what changed since (IXFR). @defaultValue none: ask for everything (AXFR) */
  readonly serial?: number | undefined;
  /** Sign the request, and insist on signed messages. */
  readonly key?: TsigKey | undefined;
  /** EDNS options to send, such as EXPIRE; without any there is no OPT. */
  readonly options?: readonly EdnsOptionData[] | undefined;
  /** Longest wait for one message, in milliseconds. @defaultValue 30_000 */
  readonly timeoutMs?: number | undefined;
  /** Longest wait for everything. @defaultValue 7_200_000 */
  readonly deadlineMs?: number | undefined;
  /** @defaultValue 10_000_000 */
  readonly maxRecords?: number | undefined;
  /** @defaultValue 1_073_741_824 */
  readonly maxBytes?: number | undefined;
}

/** What a transfer needs. */
export interface TransferParts {
  readonly zone: Name;
  readonly where: string;
  readonly clock: Clock;
  /** Random. */
  readonly id: number;
  open(): Deferred<StreamChannel>;
}

/**
 * One transfer, to be iterated once: the records of each message, in their order, the SOA at the beginning and at the end
 * included. Nothing of it may be used before the iteration has ended without an error: it may be cut off, and the signature of
 * what came first may come last. Leaving the loop ends the transfer; a loop that takes its time slows the server down.
 *
 * The iteration throws DnsClientError: `HAWSER_DNS_SERVER` with the code of a server that refuses, `HAWSER_DNS_REPLY` for
 * records that make no sense, `HAWSER_DNS_TSIG`, `HAWSER_DNS_TOO_LARGE`, `HAWSER_DNS_TIMEOUT`, `HAWSER_DNS_NETWORK`.
 */
export class ZoneTransfer implements AsyncIterable<readonly DnsRecord[]> {
  readonly #parts: TransferParts;
  readonly #options: TransferOptions;
  readonly #reader: TransferReader;
  #message: DnsMessage | undefined;
  #records = 0;
  #bytes = 0;
  #begun = false;

  constructor(parts: TransferParts, options: TransferOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#reader = new TransferReader({ zone: parts.zone, serial: options.serial });
  }

  /** What the server chose to send; known when enough of it was seen, at the end in any case. */
  get style(): TransferStyle | undefined {
    return this.#reader.style;
  }

  /** The serial of what is transferred, known from the first message on. */
  get serial(): number | undefined {
    return this.#reader.serial;
  }

  /** The message that came last, for its EDNS options. */
  get message(): DnsMessage | undefined {
    return this.#message;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly DnsRecord[], void, undefined> {
    const { clock, where } = this.#parts;
    const { timeoutMs = 30_000, deadlineMs = 7_200_000, signal } = this.#options;
    const deadline = clock.now() + deadlineMs;
    if (this.#begun) {
      const why = `Cannot iterate the transfer of "${this.#parts.zone}" twice`;
      throw usageError('HAWSER_DNS_OPTIONS', why);
    }
    this.#begun = true;
    const channel = await withSignal(this.#parts.open(), signal);
    try {
      const { bytes, verifier } = this.#request();
      const inbox = new TransferInbox(channel);
      channel.send(bytes, inbox);
      while (!this.#reader.done) {
        const waitMs = Math.min(timeoutMs, deadline - clock.now());
        // oxlint-disable-next-line no-await-in-loop -- one message after another
        const next = await withSignal(inbox.next().timeout(waitMs, clock), signal).addErrback(
          (error): never => {
            throw asTransferError(error, where);
          },
        );
        const records = this.#take(next, verifier);
        if (records.length > 0) yield records;
      }
    } finally {
      // Whatever else the server says was not asked for.
      channel.abort();
    }
  }

  #request(): { readonly bytes: Buffer; readonly verifier: TsigStreamVerifier | undefined } {
    const { zone, id } = this.#parts;
    const { serial, key, options } = this.#options;
    const request = {
      name: zone,
      type: serial === undefined ? Type.AXFR : Type.IXFR,
      authority: serial === undefined ? [] : [soaOf(zone, serial)],
      options,
    };
    const query = encodeRequest(request, {
      id,
      edns: options === undefined || options.length === 0 ? undefined : { udpSize: 1232 },
      reserveBytes: key === undefined ? 0 : tsigBytes(key),
    });
    if (key === undefined) return { bytes: query, verifier: undefined };
    const { bytes, mac } = signTsigRequest(query, { key, nowSeconds: this.#nowSeconds() });
    return { bytes, verifier: new TsigStreamVerifier({ key, requestMac: mac }) };
  }

  #take(bytes: Buffer, verifier: TsigStreamVerifier | undefined): readonly DnsRecord[] {
    const { where } = this.#parts;
    const message = parseMessage(bytes);
    if ('error' in message) throw this.#badReply(message.error);
    // Who refuses because of the signature does not sign; what it says is worth more than that.
    const trust = verifier?.take(message, this.#nowSeconds());
    if (trust?.kind === 'failed') throw tsigFailure(where, message, trust);
    if (message.rcode !== Rcode.NoError) {
      const says = formatRcode(message.rcode);
      const text = `Cannot transfer "${this.#parts.zone}" from ${where}: it says ${says}`;
      throw new DnsClientError('HAWSER_DNS_SERVER', text, { reply: message });
    }
    if (!this.#answersUs(message)) throw this.#badReply('it does not answer the question');
    this.#message = message;
    this.#count(message);
    const taken = this.#reader.take(message.answer);
    if (typeof taken === 'string') throw this.#badReply(taken);
    if (this.#reader.done && verifier?.complete === false)
      throw this.#badReply('its end is not signed');
    return taken;
  }

  /** The first message repeats the question; later ones may (RFC 5936 §2.2.2). */
  #answersUs({ flags, opcode, question, answer }: DnsMessage): boolean {
    const first = this.#message === undefined;
    const asked =
      question === undefined
        ? !first || answer.length > 0
        : question.name.equals(this.#parts.zone) &&
          (question.type === Type.AXFR || question.type === Type.IXFR);
    return asked && (flags & Flag.Response) !== 0 && opcode === Opcode.Query;
  }

  #count({ answer, bytes }: DnsMessage): void {
    const { maxRecords = 10_000_000, maxBytes = 1_073_741_824 } = this.#options;
    this.#records += answer.length;
    this.#bytes += bytes.length;
    if (this.#records <= maxRecords && this.#bytes <= maxBytes) return;
    const text = `Cannot transfer "${this.#parts.zone}" as it has more than ${maxRecords} records or ${maxBytes} octets`;
    throw new DnsClientError('HAWSER_DNS_TOO_LARGE', text);
  }

  #badReply(why: string): DnsClientError {
    const { zone, where } = this.#parts;
    return new DnsClientError(
      'HAWSER_DNS_REPLY',
      `Cannot transfer "${zone}" from ${where}: ${why}`,
    );
  }

  readonly #nowSeconds = (): number => this.#parts.clock.epoch() / 1000;
}

/** The SOA of an IXFR request: only its serial is looked at (RFC 1995 §3). */
function soaOf(zone: Name, serial: number): DnsRecord {
  const rest = { refresh: 0, retry: 0, expire: 0, minimum: 0 };
  const value = { mname: '.', rname: '.', serial, ...rest };
  const rdata = encodeRdata(Type.SOA, value);
  return { name: zone, type: Type.SOA, class: Class.IN, ttl: 0, rdata };
}

function asTransferError(error: unknown, where: string): unknown {
  if (!(error instanceof TimeoutError)) return error;
  const text = `Cannot wait for ${where} any longer: ${error.message}`;
  return new DnsClientError('HAWSER_DNS_TIMEOUT', text, { cause: error });
}
