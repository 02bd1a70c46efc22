// One server: how to reach it, and what was learned about it.
import {
  type Deferred,
  fail,
  type InetAddress,
  inlineCallbacks,
  type Reactor,
  succeed,
} from '@hawser/core';
import { EdnsOption, type EdnsOptionData } from '../message/edns.ts';
import type { DnsMessage } from '../message/parse-message.ts';
import { Opcode, Rcode } from '../numbers.ts';
import type { TsigKey } from '../tsig/key.ts';
import { type Attempt, type Doubt, newAttempt, unchangedAttempt } from './attempt.ts';
import type { ClientCounters } from './client-counters.ts';
import { DnsClientError } from './client-error.ts';
import type { DnsRequest } from './dns-request.ts';
import type { DnsServer } from './dns-server.ts';
import type { HttpsExchange } from './https-exchange.ts';
import { COIN_BYTES, mixCase } from './mix-case.ts';
import { ServerCookies } from './server-cookies.ts';
import { ServerHealth } from './server-health.ts';
import type { StreamChannel } from './stream-channel.ts';
import { StreamPool, type StreamPoolLimits } from './stream-pool.ts';
import { exchangeUdp } from './udp-exchange.ts';

/** How a {@link ServerPeer} behaves. */
export interface PeerOptions extends StreamPoolLimits {
  /** Size for replies in datagrams that OPT announces; 0 sends no OPT. */
  readonly udpPayloadBytes: number;
  /** Spell names at random in datagrams. */
  readonly mixedCase: boolean;
  readonly cookies: boolean;
  /** Datagrams that claim to be from the server and are no reply, after which TCP is used. */
  readonly maxMismatches: number;
  readonly https: HttpsExchange | undefined;
  readonly counters: ClientCounters;
}

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

/** A request, and how it is tried. */
interface Draft {
  readonly request: DnsRequest;
  readonly key: TsigKey | undefined;
  readonly edns: boolean;
}

/** How long a server that does not know EDNS is not asked with it. */
const NO_EDNS_MS = 900_000;
/** Messages one request may take: EDNS given up, cookies learned, TCP taken, and one to spare. */
const MAX_STEPS = 6;
/** How long after it was sent a datagram with an update is sent again. */
const REPEAT_MS = 1_000;
/** RFC 8467 §4.1. */
const PAD_TO = 128;
/** Longest that a server's wish to stay connected is followed. */
const MAX_KEEPALIVE_MS = 120_000;

/** A server, and what we know of it. */
export class ServerPeer {
  readonly server: DnsServer;
  readonly #reactor: Reactor;
  readonly #options: PeerOptions;
  readonly #pool: StreamPool;
  readonly #cookies: ServerCookies;
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
    const where = this.server.text;
    const asked = this.#pool.exchange((id) => unchangedAttempt(message, { id, where }), {
      repeatable: false,
    });
    return yield* asked.timeout(timeoutMs, this.#reactor.clock);
  }

  #wayOf({ stream }: AskOptions): Way {
    if (this.server.transport === 'https') return 'https';
    return this.server.transport === 'udp' && stream !== true ? 'udp' : 'stream';
  }

  #send(draft: Draft, way: Way): Deferred<DnsMessage | Doubt> {
    this.#options.counters.sent += 1;
    switch (way) {
      case 'udp':
        return this.#overUdp(draft);
      case 'stream':
        return this.#pool.exchange((id, channel) => this.#streamAttempt(draft, { id, channel }), {
          // The server may have done what it was told before it hung up.
          repeatable: draft.request.opcode !== Opcode.Update,
        });
      case 'https':
        return this.#overHttps(draft);
    }
  }

  #overUdp({ request, key, edns }: Draft): Deferred<DnsMessage | Doubt> {
    const { udpPayloadBytes: udpSize, mixedCase, maxMismatches, counters } = this.#options;
    const { random } = this.#reactor;
    const mixes = mixedCase && isQuery(request);
    const cookies = edns && this.#options.cookies ? this.#cookies : undefined;
    return this.#address().addCallback((to) => {
      const chance = random.bytes(mixes ? 2 + COIN_BYTES : 2);
      const attempt = newAttempt(request, {
        id: chance.readUInt16BE(),
        where: this.server.text,
        edns: edns ? { udpSize, options: cookies && [cookies.option] } : undefined,
        key,
        nowSeconds: this.#nowSeconds,
        datagram: true,
        disguise: mixes ? (query) => mixCase(query, chance.subarray(2)) : undefined,
        cookies,
      });
      const mismatched = (): void => {
        counters.mismatches += 1;
      };
      // Made anew it would be another update, which is done as well.
      const repeatMs = request.opcode === Opcode.Update ? REPEAT_MS : undefined;
      return exchangeUdp(this.#reactor, { attempt, to, maxMismatches, repeatMs, mismatched });
    });
  }

  #streamAttempt(
    { request, key, edns }: Draft,
    { id, channel }: { readonly id: number; readonly channel: StreamChannel },
  ): Attempt {
    const { udpPayloadBytes: udpSize } = this.#options;
    const options: EdnsOptionData[] = [{ code: EdnsOption.Keepalive, data: Buffer.alloc(0) }];
    if (this.#options.cookies) options.push(this.#cookies.option);
    const padToBytes = this.server.transport === 'tls' ? PAD_TO : undefined;
    const attempt = newAttempt(request, {
      id,
      where: this.server.text,
      edns: edns ? { udpSize, options, padToBytes } : undefined,
      key,
      nowSeconds: this.#nowSeconds,
      datagram: false,
    });
    return {
      bytes: attempt.bytes,
      judge(bytes) {
        const verdict = attempt.judge(bytes);
        if (!('kind' in verdict)) followKeepalive(verdict, channel);
        return verdict;
      },
    };
  }

  #overHttps({ request, key, edns }: Draft): Deferred<DnsMessage> {
    const { https, udpPayloadBytes: udpSize } = this.#options;
    if (https === undefined) {
      const why = `Cannot ask ${this.server.text} as the client has no exchange over HTTPS`;
      return fail(new DnsClientError('HAWSER_DNS_NETWORK', why));
    }
    const attempt = newAttempt(request, {
      // The same octets for the same question, so that caches on the way know it (RFC 8484 §4.1).
      id: 0,
      where: this.server.text,
      edns: edns ? { udpSize, padToBytes: PAD_TO } : undefined,
      key,
      nowSeconds: this.#nowSeconds,
      datagram: false,
    });
    return https(this.server, attempt.bytes).addCallback((body) => {
      const verdict = attempt.judge(body);
      if ('kind' in verdict) throw verdict.error;
      return verdict;
    });
  }

  readonly #nowSeconds = (): number => this.#reactor.clock.epoch() / 1000;

  #address(): Deferred<InetAddress> {
    const { host, port, family } = this.server;
    if (family !== undefined) return succeed({ kind: 'udp', host, port, family });
    return this.#reactor.resolver.lookup(host).addCallback(([found]) => {
      if (found !== undefined) return { kind: 'udp', host: found.host, port, family: found.family };
      throw new DnsClientError('HAWSER_DNS_NETWORK', `Cannot ask ${this.server.text}: no address`);
    });
  }
}

function isQuery({ opcode = Opcode.Query }: DnsRequest): boolean {
  return opcode === Opcode.Query;
}

/** RFC 7828 §3.4: the server says how long it keeps an idle connection. */
function followKeepalive({ edns }: DnsMessage, channel: StreamChannel): void {
  const value = edns?.options.find(({ code }) => code === EdnsOption.Keepalive)?.data;
  if (value?.length === 2) channel.keepFor(Math.min(value.readUInt16BE() * 100, MAX_KEEPALIVE_MS));
}

/** A server older than EDNS, or one with another version of it, cannot be asked with ours (RFC 6891 §7). */
function refusesEdns({ rcode, edns }: DnsMessage): boolean {
  const failed = rcode === Rcode.FormErr || rcode === Rcode.NotImp;
  return rcode === Rcode.BadVers || (failed && edns === undefined);
}
