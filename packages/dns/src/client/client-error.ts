import { ConnectionError } from '@hawser/core';
import type { DnsMessage } from '../message/parse-message.ts';

/**
 * What went wrong with a question to a server.
 *
 * - `HAWSER_DNS_TIMEOUT`: no server said anything in time.
 * - `HAWSER_DNS_NETWORK`: no connection could be made, or it was lost before the reply.
 * - `HAWSER_DNS_SERVER`: a server said no; {@link DnsClientError.rcode} is what it said.
 * - `HAWSER_DNS_REPLY`: a reply that cannot be read, or that breaks the rules of what was asked for.
 * - `HAWSER_DNS_TSIG`: the signature of a reply is missing or wrong, or the server did not take ours.
 * - `HAWSER_DNS_BUSY`: too many questions are being asked already.
 * - `HAWSER_DNS_CLOSED`: the client was closed.
 * - `HAWSER_DNS_TOO_LARGE`: a transfer with more records or octets than allowed.
 */
export type DnsClientErrorCode =
  | 'HAWSER_DNS_TIMEOUT'
  | 'HAWSER_DNS_NETWORK'
  | 'HAWSER_DNS_SERVER'
  | 'HAWSER_DNS_REPLY'
  | 'HAWSER_DNS_TSIG'
  | 'HAWSER_DNS_BUSY'
  | 'HAWSER_DNS_CLOSED'
  | 'HAWSER_DNS_TOO_LARGE';

/** Options for {@link DnsClientError}. */
export interface DnsClientErrorOptions extends ErrorOptions {
  readonly rcode?: number | undefined;
  readonly reply?: DnsMessage | undefined;
}

/** A question to which there is no usable reply. Asking again, or somebody else, may help. */
export class DnsClientError extends ConnectionError<DnsClientErrorCode> {
  override readonly name: string = 'DnsClientError';
  /** The response code, extended ones included, if a server gave one. */
  readonly rcode: number | undefined;
  /** The reply in which it did. */
  readonly reply: DnsMessage | undefined;

  constructor(code: DnsClientErrorCode, message: string, options: DnsClientErrorOptions = {}) {
    super(code, message, options);
    this.rcode = options.rcode ?? options.reply?.rcode;
    this.reply = options.reply;
  }
}
