// Asks other servers what is asked of us.
import { type Reactor, UsageError } from '@hawser/core';
import { checkClientOptions } from '../client/check-client-options.ts';
import { DnsClientError } from '../client/client-error.ts';
import { DnsClient } from '../client/dns-client.ts';
import type { DnsClientOptions } from '../client/dns-client-options.ts';
import { toRRsets } from '../client/to-rrsets.ts';
import {
  type Answer,
  type AnswerEntry,
  type AnswerOption,
  answerWith,
  codeAnswer,
  type ExtendedError,
  type Outcome,
} from '../contract/answer.ts';
import type { DnsHandlerObject, Eventually, Next } from '../contract/handler.ts';
import type { DnsQuery } from '../contract/query.ts';
import { usageError } from '../errors.ts';
import { EdnsOption } from '../message/edns.ts';
import { ednsCodecs } from '../message/edns-option.ts';
import { Flag } from '../message/header.ts';
import type { DnsMessage } from '../message/parse-message.ts';
import type { DnsRecord } from '../message/record.ts';
import { Name } from '../name.ts';
import { Class, ExtendedErrorCode, Opcode, Rcode, Type } from '../numbers.ts';

/** Options for {@link forward}: whom to ask and how. */
export interface ForwardOptions
  extends Omit<DnsClientOptions, 'reactor' | 'maxWaiting' | 'servers'> {
  readonly servers: NonNullable<DnsClientOptions['servers']>;
  /** Only names at or below these; others go to the next handler. @defaultValue all */
  readonly zones?: readonly string[] | undefined;
  /**
   * Begin with another server each time; one that fails a few times is rested for up to 30 seconds in any case.
   * @defaultValue true
   */
  readonly rotate?: boolean | undefined;
  /** Longest first wait for a server, in milliseconds. @defaultValue 1_000 */
  readonly timeoutMs?: number | undefined;
  /** Rounds over the servers. @defaultValue 2 */
  readonly attempts?: number | undefined;
  /** Longest wait for everything, in milliseconds. @defaultValue 5_000 */
  readonly deadlineMs?: number | undefined;
  /** Queries forwarded at a time; more are answered with SERVFAIL. @defaultValue 1_000 */
  readonly maxInFlight?: number | undefined;
  /**
   * EDNS options to pass on to the servers and back, by code, such as 8 (ECS). Some tell servers about clients, so none is by
   * default. A `cache` passes by queries with ECS; with others that change answers there must be none before it. Those between
   * two neighbours cannot be passed on: COOKIE, keepalive and padding. A query with more than 1024 octets of them is FORMERR.
   */
  readonly passOptions?: readonly number[] | undefined;
}

/** Options about one hop (RFC 7873 §5, RFC 7828 §3, RFC 7830 §3). */
const ownOptions: ReadonlySet<number> = new Set([
  EdnsOption.Cookie,
  EdnsOption.Keepalive,
  EdnsOption.Padding,
]);
/** Options of a stranger that are passed on, in octets: he could fill a whole message with them. */
const MAX_PASSED_BYTES = 1024;

/**
 * Answers queries that want recursion (RD) with what `options.servers` say: response code, records and extended errors, with
 * RA and never with AA. AD is passed on to clients that asked for it (RFC 6840 §5.8): use servers only that are reached by a
 * way you trust. If no server says anything, SERVFAIL with the extended error 22 or 23. A query that comes straight back to who
 * sent it ends there, with SERVFAIL: it is known by its cookie. One that goes round by way of another forwarder, which has
 * cookies of its own, ends at `maxInFlight`. Put `cache` before it.
 *
 * @throws UsageError `HAWSER_DNS_OPTIONS`, `HAWSER_DNS_NAME`
 *
 * @example
 * dnsService(':53', [zone, cache(), forward({ servers: ['192.0.2.53', 'tls://192.0.2.54#dns.example.net'] })]);
 */
export function forward(options: ForwardOptions): DnsHandlerObject {
  return new Forwarder(options);
}

class Forwarder implements DnsHandlerObject {
  readonly #options: ForwardOptions;
  readonly #zones: ReadonlySet<string> | undefined;
  readonly #passed: ReadonlySet<number>;
  #client: DnsClient | undefined;

  constructor(options: ForwardOptions) {
    const { servers, zones, passOptions = [] } = options;
    if (servers.length === 0)
      throw usageError('HAWSER_DNS_OPTIONS', 'Cannot forward queries as there are no servers');
    checkClientOptions(options);
    for (const code of passOptions) {
      const valid = Number.isInteger(code) && code > 0 && code < 0xffff && !ownOptions.has(code);
      if (!valid) throw usageError('HAWSER_DNS_OPTIONS', `Cannot pass on the EDNS option ${code}`);
    }
    this.#options = options;
    this.#zones = zones && new Set(zones.map((zone) => Name.parse(zone).key));
    this.#passed = new Set(passOptions);
  }

  started(reactor: Reactor): void {
    const { rotate = true, timeoutMs = 1_000, attempts = 2 } = this.#options;
    const { deadlineMs = 5_000 } = this.#options;
    const { zones: _, passOptions: __, ...rest } = this.#options;
    const more = { rotate, timeoutMs, attempts, deadlineMs, maxWaiting: 0 };
    this.#client = new DnsClient({ ...rest, ...more, reactor });
  }

  async stopped(): Promise<void> {
    await this.#client?.close();
    this.#client = undefined;
  }

  handle(query: DnsQuery, next: Next): Eventually<Outcome> {
    if (!query.recursionDesired || !isForwardable(query) || !this.#isOurs(query))
      return next(query);
    const client = this.#client;
    if (client === undefined)
      throw usageError('HAWSER_DNS_OPTIONS', 'Cannot forward queries before the server started');
    if (isOwn(query, client))
      return failure(ExtendedErrorCode.Other, 'the query came from this server');
    const options = this.#passed.size === 0 ? [] : this.#optionsOf(query);
    const bytes = options.reduce((sum, { data }) => sum + 4 + data.length, 0);
    if (bytes > MAX_PASSED_BYTES) return codeAnswer(Rcode.FormErr);
    return this.#ask(query, client, options);
  }

  async #ask(
    query: DnsQuery,
    client: DnsClient,
    options: readonly AnswerOption[],
  ): Promise<Answer> {
    const { name, type, dnssecOk, checkingDisabled, flags } = query;
    const authenticData = (flags & Flag.AuthenticData) !== 0;
    try {
      const how = { dnssecOk, checkingDisabled, authenticData, options };
      const reply = await client.query(name, type, how);
      return this.#answer(reply, dnssecOk || authenticData);
    } catch (error) {
      if (!(error instanceof DnsClientError)) {
        if (error instanceof UsageError) throw error;
        return failure(ExtendedErrorCode.NetworkError);
      }
      return error.reply === undefined
        ? failure(explain(error))
        : this.#answer(error.reply, dnssecOk || authenticData);
    }
  }

  #optionsOf({ edns, message: { bytes } }: DnsQuery): AnswerOption[] {
    return (edns?.options ?? [])
      .filter(({ code }) => this.#passed.has(code))
      .map(({ code, offset, length }) => ({
        code,
        data: Buffer.from(bytes.subarray(offset, offset + length)),
      }));
  }

  #answer(reply: DnsMessage, wantsAd: boolean): Answer {
    const options: AnswerOption[] = [];
    const errors: ExtendedError[] = [];
    for (const option of reply.edns?.options ?? []) {
      const error =
        option.code === EdnsOption.Error ? ednsCodecs.error.decode(option.data) : undefined;
      if (error !== undefined) errors.push(error);
      else if (this.#passed.has(option.code)) options.push(option);
    }
    return answerWith(toClientRcode(reply.rcode), {
      answer: entries(reply.answer),
      authority: entries(reply.authority),
      additional: entries(reply.additional),
      recursionAvailable: true,
      authenticData: wantsAd && (reply.flags & Flag.AuthenticData) !== 0,
      errors: errors.length > 0 ? errors : undefined,
      options: options.length > 0 ? options : undefined,
    });
  }

  #isOurs({ name }: DnsQuery): boolean {
    const zones = this.#zones;
    return zones === undefined || name.suffixes.some((suffix) => zones.has(suffix));
  }
}

function isForwardable({ opcode, type, class: klass, tsigKey }: DnsQuery): boolean {
  const transfer = type === Type.AXFR || type === Type.IXFR;
  return opcode === Opcode.Query && klass === Class.IN && !transfer && tsigKey === undefined;
}

/** True for a query that this client sent, and that has come back. */
function isOwn(query: DnsQuery, client: DnsClient): boolean {
  if (!query.optionBearing) return false;
  const { edns, message } = query;
  const cookie = edns?.options.find(({ code }) => code === EdnsOption.Cookie);
  if (cookie === undefined) return false;
  const { offset, length } = cookie;
  return client.isOwnCookie(message.bytes.subarray(offset, offset + length));
}

function entries(records: readonly DnsRecord[]): AnswerEntry[] {
  return toRRsets(records.filter((record) => record.class === Class.IN)).map((rrset) => ({
    rrset,
  }));
}

/** What is between us and the server is nothing a client could do anything about. */
function toClientRcode(rcode: number): number {
  return rcode > 15 || rcode === Rcode.FormErr || rcode === Rcode.NotAuth ? Rcode.ServFail : rcode;
}

function failure(code: number, text?: string): Answer {
  return answerWith(Rcode.ServFail, { recursionAvailable: true, errors: [{ code, text }] });
}

function explain({ code }: DnsClientError): number {
  if (code === 'HAWSER_DNS_BUSY' || code === 'HAWSER_DNS_CLOSED') return ExtendedErrorCode.NotReady;
  return code === 'HAWSER_DNS_TIMEOUT'
    ? ExtendedErrorCode.NoReachableAuthority
    : ExtendedErrorCode.NetworkError;
}
