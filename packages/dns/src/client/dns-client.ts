// A stub client (RFC 1035 §5.3.1): asks servers that are told to it, and believes no reply that may be somebody else's.
import {
  CancelledError,
  type Deferred,
  DeferredSemaphore,
  fail,
  inlineCallbacks,
  type OperationOptions,
  type Reactor,
  TimeoutError,
  toError,
  withSignal,
} from '@hawser/core';
import { usageError } from '../errors.ts';
import type { EdnsOptionData } from '../message/edns.ts';
import { Flag } from '../message/header.ts';
import type { DnsMessage } from '../message/parse-message.ts';
import type { Name } from '../name.ts';
import { formatType, Rcode } from '../numbers.ts';
import type { TsigKey } from '../tsig/key.ts';
import { type ClientCounters, newCounters } from './client-counters.ts';
import { DnsClientError } from './client-error.ts';
import { type DnsRequest, nameOf, typeOf } from './dns-request.ts';
import type { DnsServerLike } from './dns-server.ts';
import { PeerTable } from './peer-table.ts';
import type { HttpsExchange, ServerPeer } from './server-peer.ts';
import { type TransferOptions, ZoneTransfer } from './zone-transfer.ts';

/** Options for {@link DnsClient}. */
export interface DnsClientOptions {
  readonly reactor: Reactor;
  /** Whom {@link DnsClient.query} asks, best first. */
  readonly servers?: readonly DnsServerLike[] | undefined;
  /** Begin with another server each time. @defaultValue false */
  readonly rotate?: boolean | undefined;
  /** Longest first wait for a server, in milliseconds; doubled each round, to at most 8 seconds. @defaultValue 2_000 */
  readonly timeoutMs?: number | undefined;
  /** Rounds over the servers. @defaultValue 3 */
  readonly attempts?: number | undefined;
  /** Longest wait for everything, in milliseconds. @defaultValue 20_000 */
  readonly deadlineMs?: number | undefined;
  /** Size for replies in datagrams to announce with EDNS; 0 does without EDNS. @defaultValue 1232 */
  readonly udpPayloadBytes?: number | undefined;
  /** Spell names at random in datagrams, and insist on the same spelling in replies. @defaultValue true */
  readonly mixedCase?: boolean | undefined;
  /** DNS cookies (RFC 7873). @defaultValue true */
  readonly cookies?: boolean | undefined;
  /** Datagrams that claim to be from the server and are no reply, after which TCP is used. @defaultValue 3 */
  readonly maxMismatches?: number | undefined;
  /** Questions at a time, each with a UDP port of its own. @defaultValue 1_000 */
  readonly maxInFlight?: number | undefined;
  /** Questions that may wait for their turn; more fail. @defaultValue 10_000 */
  readonly maxWaiting?: number | undefined;
  /** Connections to one server. @defaultValue 2 */
  readonly maxConnections?: number | undefined;
  /** Questions at a time on one connection. @defaultValue 500 */
  readonly maxInFlightPerConnection?: number | undefined;
  /** How long a connection nobody needs stays open, in milliseconds, unless the server says. @defaultValue 10_000 */
  readonly idleMs?: number | undefined;
  /** Servers to remember. @defaultValue 1_000 */
  readonly maxServers?: number | undefined;
  /** How to ask servers with `https`: `dohExchange` of `@hawser/dns/http`. */
  readonly https?: HttpsExchange | undefined;
}

/** Options for {@link DnsClient.exchange}. */
export interface ExchangeOptions extends OperationOptions {
  /** Longest first wait, in milliseconds. @defaultValue that of the client */
  readonly timeoutMs?: number | undefined;
  /** How often to send a datagram until there is a reply. @defaultValue that of the client */
  readonly attempts?: number | undefined;
  /** Use TCP at once. @defaultValue false */
  readonly stream?: boolean | undefined;
  /** Sign what is sent, and insist on signed replies (RFC 8945). */
  readonly key?: TsigKey | undefined;
}

/** Options for {@link DnsClient.query}. */
export interface QueryOptions extends ExchangeOptions {
  /** @defaultValue those of the client */
  readonly servers?: readonly DnsServerLike[] | undefined;
  /** RD. @defaultValue true */
  readonly recursionDesired?: boolean | undefined;
  /** CD: the server is not to validate. @defaultValue false */
  readonly checkingDisabled?: boolean | undefined;
  /** AD: the server shall say whether it validated the data (RFC 6840 §5.7). @defaultValue false */
  readonly authenticData?: boolean | undefined;
  /** DO: signatures are wanted. @defaultValue false */
  readonly dnssecOk?: boolean | undefined;
  readonly options?: readonly EdnsOptionData[] | undefined;
}

/** Longest wait for one reply. */
const MAX_WAIT_MS = 8_000;

/**
 * Asks DNS servers over UDP, TCP, TLS and HTTPS. Connections are kept and shared. A reply over UDP must come from where the
 * query went, to its port, with its id, its question and its spelling, and with the right cookie and signature if there are any.
 */
export class DnsClient implements AsyncDisposable {
  readonly reactor: Reactor;
  /** What was done so far. */
  readonly counters: Readonly<ClientCounters>;
  readonly #options: DnsClientOptions;
  readonly #counters: ClientCounters;
  readonly #peers: PeerTable;
  readonly #places: DeferredSemaphore;
  readonly #running = new Set<Deferred<unknown>>();
  #turn = 0;
  #closed = false;

  /** @throws UsageError `HAWSER_DNS_OPTIONS` */
  constructor(options: DnsClientOptions) {
    const { reactor, maxInFlight = 1_000, maxWaiting = 10_000, maxServers = 1_000 } = options;
    const { udpPayloadBytes = 1232, timeoutMs = 2_000, attempts = 3 } = options;
    checkRange('udpPayloadBytes', udpPayloadBytes, { least: 0, most: 65_535 });
    for (const [name, value] of Object.entries({ timeoutMs, attempts, maxInFlight, maxServers }))
      checkRange(name, value, { least: 1, most: 0x7fff_ffff });
    this.reactor = reactor;
    this.counters = this.#counters = newCounters();
    this.#options = options;
    this.#places = new DeferredSemaphore({ tokens: maxInFlight, maxWaiting });
    this.#peers = new PeerTable(reactor, {
      maxServers,
      udpPayloadBytes,
      mixedCase: options.mixedCase ?? true,
      cookies: options.cookies ?? true,
      maxMismatches: options.maxMismatches ?? 3,
      maxConnections: options.maxConnections ?? 2,
      maxInFlight: options.maxInFlightPerConnection ?? 500,
      idleMs: options.idleMs ?? 10_000,
      connectTimeoutMs: MAX_WAIT_MS,
      https: options.https,
      counters: this.#counters,
    });
  }

  /**
   * Asks the servers for `name`, one after another until one knows: gives a reply of NOERROR, also without data, or NXDOMAIN.
   * @throws DnsClientError `HAWSER_DNS_SERVER` with the code if none would answer, `HAWSER_DNS_TIMEOUT`, `HAWSER_DNS_NETWORK`,
   * `HAWSER_DNS_REPLY`, `HAWSER_DNS_TSIG`, `HAWSER_DNS_BUSY`, `HAWSER_DNS_CLOSED`; UsageError for a bad name, type or server
   */
  query(
    name: Name | string,
    type: number | string,
    options: QueryOptions = {},
  ): Deferred<DnsMessage> {
    return this.#run(options, () => {
      const { recursionDesired = true, checkingDisabled = false } = options;
      const servers = options.servers ?? this.#options.servers ?? [];
      if (servers.length === 0)
        throw usageError('HAWSER_DNS_OPTIONS', 'Cannot ask as there are no servers');
      const request = {
        name: nameOf(name),
        type: typeOf(type),
        flags:
          (recursionDesired ? Flag.RecursionDesired : 0) |
          (options.authenticData ? Flag.AuthenticData : 0) |
          (checkingDisabled ? Flag.CheckingDisabled : 0),
        dnssecOk: options.dnssecOk,
        options: options.options,
      };
      const peers = servers.map((server) => this.#peers.get(server));
      const first = this.#options.rotate ? this.#turn++ % peers.length : 0;
      const order = [...peers.slice(first), ...peers.slice(0, first)];
      // Who did not answer lately is asked when the others do not either.
      const rested = [
        ...order.filter((peer) => !peer.resting),
        ...order.filter((peer) => peer.resting),
      ];
      return this.#asking(request, { ...options, peers: rested, final: isKnown });
    });
  }

  /**
   * Sends one message to one server, and gives the reply, whatever its code.
   * @throws as {@link query}, but for `HAWSER_DNS_SERVER`
   */
  exchange(
    request: DnsRequest,
    server: DnsServerLike,
    options: ExchangeOptions = {},
  ): Deferred<DnsMessage> {
    return this.#run(options, () =>
      this.#asking(request, { ...options, peers: [this.#peers.get(server)], final: () => true }),
    );
  }

  /**
   * Transfers `zone` from `server`, over TCP or over TLS: all of it, or what changed since `serial`. Begins when it is
   * iterated. The connection is its own.
   * @throws UsageError for a bad name or server
   */
  transfer(
    zone: Name | string,
    server: DnsServerLike,
    options: TransferOptions = {},
  ): ZoneTransfer {
    const peer = this.#peers.get(server);
    if (peer.server.transport === 'https')
      throw usageError('HAWSER_DNS_OPTIONS', `Cannot transfer a zone from ${peer.server.text}`);
    const { clock, random } = this.reactor;
    return new ZoneTransfer(
      {
        zone: nameOf(zone),
        where: peer.server.text.replace(/^udp:/, 'tcp:'),
        clock,
        id: random.bytes(2).readUInt16BE(),
        open: () => (this.#closed ? fail(closedError()) : peer.open()),
      },
      options,
    );
  }

  /**
   * True if `cookie`, as a query that came brings it (RFC 7873), is one this client sends to servers: the query is its own, and
   * has gone round.
   */
  isOwnCookie(cookie: Uint8Array): boolean {
    return this.#peers.some((peer) => peer.isOwnCookie(cookie));
  }

  /** Ends every question with `HAWSER_DNS_CLOSED` and every connection. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const each of this.#running) each.cancel(closedError());
    this.#peers.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #run<T>({ signal }: OperationOptions, work: () => Deferred<T>): Deferred<T> {
    if (this.#closed) return fail(closedError());
    const { deadlineMs = 20_000 } = this.#options;
    const { clock } = this.reactor;
    try {
      const running = this.#places
        .run(work)
        .timeout(deadlineMs, clock)
        .addErrback((error): never => {
          throw this.#closed && error instanceof CancelledError
            ? closedError()
            : asClientError(error);
        });
      this.#running.add(running);
      void running.addBoth(() => this.#running.delete(running));
      return withSignal(running, signal);
    } catch (error) {
      return fail(asClientError(error));
    }
  }

  readonly #asking: (request: DnsRequest, options: AskingOptions) => Deferred<DnsMessage> =
    inlineCallbacks(
      (request: DnsRequest, options: AskingOptions) => this.#rounds(request, options),
      { where: 'dns.query' },
    );

  *#rounds(request: DnsRequest, options: AskingOptions): Generator<unknown, DnsMessage, unknown> {
    const { peers, final, stream, key } = options;
    const { timeoutMs = this.#options.timeoutMs ?? 2_000 } = options;
    const { attempts = this.#options.attempts ?? 3 } = options;
    const willing = new Set(peers);
    let why: DnsClientError | undefined;
    for (let round = 0; round < attempts && willing.size > 0; round++) {
      for (const peer of willing) {
        const waitMs = Math.min(timeoutMs * 2 ** round, Math.max(timeoutMs, MAX_WAIT_MS));
        try {
          const reply = yield* peer.ask(request, { timeoutMs: waitMs, stream, key });
          if (final(reply)) return reply;
          // It has said what it has to say.
          willing.delete(peer);
          why ??= refusal(peer, reply);
        } catch (error) {
          if (error instanceof CancelledError) throw error;
          const failure = asClientError(error, peer);
          if (!(failure instanceof DnsClientError)) throw failure;
          if (failure.code === 'HAWSER_DNS_TIMEOUT') this.#counters.timeouts += 1;
          if (failure.code === 'HAWSER_DNS_TSIG') willing.delete(peer);
          if (why === undefined || why.code === 'HAWSER_DNS_TIMEOUT') why = failure;
        }
      }
    }
    throw why ?? new DnsClientError('HAWSER_DNS_TIMEOUT', 'Cannot ask as no attempt is allowed');
  }
}

/** Makes a {@link DnsClient}. @throws UsageError `HAWSER_DNS_OPTIONS` */
export function dnsClient(options: DnsClientOptions): DnsClient {
  return new DnsClient(options);
}

interface AskingOptions extends ExchangeOptions {
  readonly peers: readonly ServerPeer[];
  /** True for a reply after which nobody else is asked. */
  readonly final: (reply: DnsMessage) => boolean;
}

function isKnown({ rcode }: DnsMessage): boolean {
  return rcode === Rcode.NoError || rcode === Rcode.NXDomain || rcode === Rcode.YXDomain;
}

function refusal({ server }: ServerPeer, reply: DnsMessage): DnsClientError {
  const { rcode, question } = reply;
  const asked =
    question === undefined ? '' : ` about ${question.name} ${formatType(question.type)}`;
  const text = `Cannot learn anything of ${server.text}${asked}: response code ${rcode}`;
  return new DnsClientError('HAWSER_DNS_SERVER', text, { reply });
}

/** `error` in the words of this package; mistakes of the caller stay what they are. */
function asClientError(error: unknown, peer?: ServerPeer): Error {
  const cause = toError(error);
  if (cause instanceof DnsClientError || cause instanceof CancelledError) return cause;
  const whom = peer?.server.text ?? 'the servers';
  if (cause instanceof TimeoutError) {
    const text = `Cannot wait for ${whom} any longer: ${cause.message}`;
    return new DnsClientError('HAWSER_DNS_TIMEOUT', text, { cause });
  }
  if ('code' in cause && (cause.code === 'HAWSER_QUEUE' || cause.code === 'HAWSER_BUDGET'))
    return new DnsClientError('HAWSER_DNS_BUSY', `Cannot ask: ${cause.message}`, { cause });
  if ('code' in cause && cause.code === 'HAWSER_RESOLVE')
    return new DnsClientError('HAWSER_DNS_NETWORK', `Cannot ask: ${cause.message}`, { cause });
  return cause;
}

function closedError(): DnsClientError {
  return new DnsClientError('HAWSER_DNS_CLOSED', 'Cannot ask as the client was closed');
}

function checkRange(name: string, value: number, range: { least: number; most: number }): void {
  if (Number.isInteger(value) && value >= range.least && value <= range.most) return;
  throw usageError(
    'HAWSER_DNS_OPTIONS',
    `Cannot make a client as ${name} must be ${range.least} to ${range.most}: ${value}`,
  );
}
