// A stub client (RFC 1035 §5.3.1): asks servers that are told to it, and believes no reply that may be somebody else's.
import {
  CancelledError,
  type Deferred,
  DeferredSemaphore,
  fail,
  inlineCallbacks,
  type Reactor,
  toError,
  withSignal,
} from '@hawser/core';
import { usageError } from '../errors.ts';
import { Flag } from '../message/header.ts';
import type { DnsMessage } from '../message/parse-message.ts';
import type { Name } from '../name.ts';
import { Rcode } from '../numbers.ts';
import { asClientError, closedError, refusal } from './as-client-error.ts';
import { checkClientOptions, checkExchangeOptions } from './check-client-options.ts';
import { type ClientCounters, newCounters } from './client-counters.ts';
import { DnsClientError } from './client-error.ts';
import type { DnsClientOptions, ExchangeOptions, QueryOptions } from './dns-client-options.ts';
import { type DnsRequest, nameOf, typeOf } from './dns-request.ts';
import type { DnsServerLike } from './dns-server.ts';
import { PeerTable } from './peer-table.ts';
import type { ServerPeer } from './server-peer.ts';
import type { StreamChannel } from './stream-channel.ts';
import { type TransferOptions, ZoneTransfer } from './zone-transfer.ts';

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
    checkClientOptions(options);
    this.reactor = reactor;
    this.counters = this.#counters = newCounters();
    this.#options = options;
    this.#places = new DeferredSemaphore({ tokens: maxInFlight, maxWaiting });
    this.#peers = new PeerTable(reactor, {
      maxServers,
      udpPayloadBytes: options.udpPayloadBytes ?? 1232,
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
   * Sends `message` to one server as it is, but for its id, and gives the reply: for who passes on what somebody else has signed
   * (RFC 8945 §5.5). It goes over TCP or TLS, and once. Nothing of the reply is verified, and its id is another.
   * @throws as {@link query}, but for `HAWSER_DNS_SERVER`
   */
  forward(
    message: Buffer,
    server: DnsServerLike,
    options: Pick<ExchangeOptions, 'timeoutMs' | 'signal'> = {},
  ): Deferred<DnsMessage> {
    return this.#run(options, () => {
      const peer = this.#peers.get(server);
      if (peer.server.transport === 'https')
        throw usageError('HAWSER_DNS_OPTIONS', `Cannot forward a message to ${peer.server.text}`);
      const { timeoutMs = this.#options.timeoutMs ?? 2_000 } = options;
      return peer.forward(message, { timeoutMs });
    });
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
        open: () => this.#open(peer),
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

  #open(peer: ServerPeer): Deferred<StreamChannel> {
    if (this.#closed) return fail(closedError());
    return peer.open().addErrback((error): never => {
      throw this.#closed && error instanceof CancelledError ? closedError() : toError(error);
    });
  }

  #run<T>(options: ExchangeOptions, work: () => Deferred<T>): Deferred<T> {
    if (this.#closed) return fail(closedError());
    const { deadlineMs = 20_000 } = this.#options;
    const { clock } = this.reactor;
    try {
      checkExchangeOptions(options);
      const running = this.#places
        .run(work)
        .timeout(deadlineMs, clock)
        .addErrback((error): never => {
          throw this.#closed && error instanceof CancelledError
            ? closedError()
            : asClientError(error, 'the servers');
        });
      this.#running.add(running);
      void running.addBoth(() => this.#running.delete(running));
      return withSignal(running, options.signal);
    } catch (error) {
      return fail(asClientError(error, 'the servers'));
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
          why ??= refusal(peer.server.text, reply);
        } catch (error) {
          if (error instanceof CancelledError) throw error;
          const failure = asClientError(error, peer.server.text);
          if (!(failure instanceof DnsClientError)) throw failure;
          if (failure.code === 'HAWSER_DNS_TIMEOUT') this.#counters.timeouts += 1;
          if (failure.code === 'HAWSER_DNS_TSIG') willing.delete(peer);
          if (why === undefined || why.code === 'HAWSER_DNS_TIMEOUT') why = failure;
        }
      }
    }
    throw why ?? closedError();
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
