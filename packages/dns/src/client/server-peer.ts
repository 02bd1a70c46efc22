// One server: which way to it is taken, and what was learned about it.
import { type Deferred, inlineCallbacks, type Reactor } from '@hawser/core';
import type { DnsMessage } from '../message/parse-message.ts';
import { Opcode, Rcode } from '../numbers.ts';
import type { TsigKey } from '../tsig/key.ts';
import type { Doubt } from './attempt.ts';
import type { DnsRequest } from './dns-request.ts';
import type { DnsServer } from './dns-server.ts';
import { ServerCookies } from './server-cookies.ts';
import { ServerHealth } from './server-health.ts';
import { type Draft, isQuery, ServerWays, type ServerWaysOptions } from './server-ways.ts';
import type { StreamChannel } from './stream-channel.ts';
import { StreamPool, type StreamPoolLimits } from './stream-pool.ts';

/** How a {@link ServerPeer} behaves. */
export interface PeerOptions extends StreamPoolLimits, ServerWaysOptions {}

/** How one request is made. */
export interface AskOptions {
  /** Longest wait for one reply, and for a connection. */
  readonly timeoutMs: number;
  /** Sign the request, and insist on a signed reply. */
  readonly key?: TsigKey | undefined;
  /** Ask over TCP where a datagram would do. */
  readonly stream?: boolean | undefined;
}

type Way = 'udp' | 'stream' | 'https';

/** How long a server that does not know EDNS is not asked with it. */
const NO_EDNS_MS = 900_000;
/** Messages one request may take: EDNS given up, cookies learned, TCP taken, and one to spare. */
const MAX_STEPS = 6;

/** A server, and what we know of it. */
export class ServerPeer {
  readonly server: DnsServer;
  readonly #reactor: Reactor;
  readonly #options: PeerOptions;
  readonly #pool: StreamPool;
  readonly #cookies: ServerCookies;
  readonly #ways: ServerWays;
  #noEdnsUntil = 0;
  /** Requests under way. */
  #asked = 0;
  readonly #health: ServerHealth;

  constructor(reactor: Reactor, server: DnsServer, options: PeerOptions) {
    this.server = server;
    this.#reactor = reactor;
    this.#options = options;
    this.#pool = new StreamPool(reactor, server, options);
    this.#cookies = new ServerCookies(reactor.random);
    const parts = { reactor, server, pool: this.#pool, cookies: this.#cookies };
    this.#ways = new ServerWays({ ...parts, options });
    this.#health = new ServerHealth(reactor.clock);
  }

  /** True if nobody asks it, and it holds no connection. */
  get idle(): boolean {
    return this.#asked === 0 && this.#pool.empty;
  }

  /** True while it is better to ask somebody else, as it did not answer a few times. */
  get resting(): boolean {
    return this.#health.resting;
  }

  /** True for a cookie that only we send, and only to this server. */
  isOwnCookie(cookie: Uint8Array): boolean {
    return this.#cookies.isOurs(cookie);
  }

  /**
   * The reply to `request`, whatever its code: over TCP if it does not fit into a datagram or something is wrong about what
   * came; without EDNS if the server does not know it.
   * @throws DnsClientError, TimeoutError
   */
  readonly ask: (request: DnsRequest, options: AskOptions) => Deferred<DnsMessage> =
    inlineCallbacks(
      (request: DnsRequest, options: AskOptions) => this.#watched(this.#asking(request, options)),
      { where: 'dns.ask' },
    );

  /**
   * The reply to `message`, which is sent as it is but for its id, over a stream and once. Nothing of the reply is verified.
   * @throws DnsClientError, TimeoutError
   */
  readonly forward: (
    message: Buffer,
    options: Pick<AskOptions, 'timeoutMs'>,
  ) => Deferred<DnsMessage> = inlineCallbacks(
    (message: Buffer, options: Pick<AskOptions, 'timeoutMs'>) =>
      this.#watched(this.#forwarding(message, options)),
    { where: 'dns.forward' },
  );

  /** A connection of its own, for a transfer. */
  open(): Deferred<StreamChannel> {
    return this.#pool.open();
  }

  /** Aborts its connections. */
  close(): void {
    this.#pool.close();
  }

  /** Counts a request under way, and whether the server is well. */
  *#watched(
    asking: Generator<unknown, DnsMessage, unknown>,
  ): Generator<unknown, DnsMessage, unknown> {
    this.#asked += 1;
    try {
      const reply = yield* asking;
      this.#health.answered();
      return reply;
    } catch (error) {
      this.#health.failed(error);
      throw error;
    } finally {
      this.#asked -= 1;
    }
  }

  *#asking(request: DnsRequest, options: AskOptions): Generator<unknown, DnsMessage, unknown> {
    const { key, timeoutMs } = options;
    const { clock } = this.#reactor;
    let edns = this.#options.udpPayloadBytes > 0 && clock.now() >= this.#noEdnsUntil;
    let way = this.#wayOf(options);
    let badCookies = 0;
    for (let step = 1; ; step++) {
      const reply = yield* this.#send({ request, key, edns }, way).timeout(timeoutMs, clock);
      if ('kind' in reply) {
        // Over a stream it would be another update, and the first may have been carried out.
        if (request.opcode === Opcode.Update) throw reply.error;
        this.#options.counters.streamFallbacks += 1;
        way = 'stream';
        continue;
      }
      if (this.#options.cookies) this.#cookies.learn(reply);
      if (step >= MAX_STEPS) return reply;
      if (reply.rcode === Rcode.BadCookie && badCookies < 2) {
        // The reply brought a fresh cookie. If that is bad as well, TCP needs none (RFC 7873 §5.3).
        badCookies += 1;
        if (badCookies === 2 && way === 'udp') way = 'stream';
      } else if (edns && refusesEdns(reply)) {
        edns = false;
        // Who does not know an opcode may know EDNS.
        if (isQuery(request)) this.#noEdnsUntil = clock.now() + NO_EDNS_MS;
      } else {
        return reply;
      }
    }
  }

  *#forwarding(
    message: Buffer,
    { timeoutMs }: Pick<AskOptions, 'timeoutMs'>,
  ): Generator<unknown, DnsMessage, unknown> {
    this.#options.counters.sent += 1;
    return yield* this.#ways.unchanged(message).timeout(timeoutMs, this.#reactor.clock);
  }

  #wayOf({ stream }: AskOptions): Way {
    if (this.server.transport === 'https') return 'https';
    return this.server.transport === 'udp' && stream !== true ? 'udp' : 'stream';
  }

  #send(draft: Draft, way: Way): Deferred<DnsMessage | Doubt> {
    this.#options.counters.sent += 1;
    return this.#ways[way](draft);
  }
}

/** A server older than EDNS, or one with another version of it, cannot be asked with ours (RFC 6891 §7). */
function refusesEdns({ rcode, edns }: DnsMessage): boolean {
  const failed = rcode === Rcode.FormErr || rcode === Rcode.NotImp;
  return rcode === Rcode.BadVers || (failed && edns === undefined);
}
