// One message on its way to one server: in a datagram, over a stream, over HTTPS.
import { type Deferred, fail, type InetAddress, type Reactor, succeed } from '@hawser/core';
import { EdnsOption, type EdnsOptionData } from '../message/edns.ts';
import type { DnsMessage } from '../message/parse-message.ts';
import { Opcode } from '../numbers.ts';
import type { TsigKey } from '../tsig/key.ts';
import { type Attempt, type Doubt, newAttempt, unchangedAttempt } from './attempt.ts';
import type { ClientCounters } from './client-counters.ts';
import { DnsClientError } from './client-error.ts';
import type { DnsRequest } from './dns-request.ts';
import type { DnsServer } from './dns-server.ts';
import type { HttpsExchange } from './https-exchange.ts';
import { COIN_BYTES, mixCase } from './mix-case.ts';
import type { ServerCookies } from './server-cookies.ts';
import type { StreamChannel } from './stream-channel.ts';
import type { StreamPool } from './stream-pool.ts';
import { exchangeUdp } from './udp-exchange.ts';

/** How messages are made, and what is looked at in replies. */
export interface ServerWaysOptions {
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

/** What {@link ServerWays} need. */
export interface ServerWaysParts {
  readonly reactor: Reactor;
  readonly server: DnsServer;
  readonly pool: StreamPool;
  readonly cookies: ServerCookies;
  readonly options: ServerWaysOptions;
}

/** A request, and how it is tried. */
export interface Draft {
  readonly request: DnsRequest;
  readonly key: TsigKey | undefined;
  readonly edns: boolean;
}

/** How long after it was sent a datagram with an update is sent again. */
const REPEAT_MS = 1_000;
/** RFC 8467 §4.1. */
const PAD_TO = 128;
/** Longest that a server's wish to stay connected is followed. */
const MAX_KEEPALIVE_MS = 120_000;

/** The ways to a server. Each is tried once, and waits until it is cancelled. */
export class ServerWays {
  readonly #reactor: Reactor;
  readonly #server: DnsServer;
  readonly #pool: StreamPool;
  readonly #cookies: ServerCookies;
  readonly #options: ServerWaysOptions;

  constructor({ reactor, server, pool, cookies, options }: ServerWaysParts) {
    this.#reactor = reactor;
    this.#server = server;
    this.#pool = pool;
    this.#cookies = cookies;
    this.#options = options;
  }

  /** In a datagram. An update is sent again and again. */
  udp({ request, key, edns }: Draft): Deferred<DnsMessage | Doubt> {
    const { udpPayloadBytes: udpSize, mixedCase, maxMismatches, counters } = this.#options;
    const { random } = this.#reactor;
    const mixes = mixedCase && isQuery(request);
    const cookies = edns && this.#options.cookies ? this.#cookies : undefined;
    return this.#address().addCallback((to) => {
      const chance = random.bytes(mixes ? 2 + COIN_BYTES : 2);
      const attempt = newAttempt(request, {
        id: chance.readUInt16BE(),
        where: this.#server.text,
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

  /** Over a connection that is shared. */
  stream(draft: Draft): Deferred<DnsMessage> {
    return this.#pool.exchange((id, channel) => this.#streamAttempt(draft, { id, channel }), {
      // The server may have done what it was told before it hung up.
      repeatable: draft.request.opcode !== Opcode.Update,
    });
  }

  /** Over such a connection, as it is but for its id. */
  unchanged(message: Buffer): Deferred<DnsMessage> {
    const where = this.#server.text;
    return this.#pool.exchange((id) => unchangedAttempt(message, { id, where }), {
      repeatable: false,
    });
  }

  /** Over HTTPS. */
  https({ request, key, edns }: Draft): Deferred<DnsMessage> {
    const { https, udpPayloadBytes: udpSize } = this.#options;
    if (https === undefined) {
      const why = `Cannot ask ${this.#server.text} as the client has no exchange over HTTPS`;
      return fail(new DnsClientError('HAWSER_DNS_NETWORK', why));
    }
    const attempt = newAttempt(request, {
      // The same octets for the same question, so that caches on the way know it (RFC 8484 §4.1).
      id: 0,
      where: this.#server.text,
      edns: edns ? { udpSize, padToBytes: PAD_TO } : undefined,
      key,
      nowSeconds: this.#nowSeconds,
      datagram: false,
    });
    return https(this.#server, attempt.bytes).addCallback((body) => {
      const verdict = attempt.judge(body);
      if ('kind' in verdict) throw verdict.error;
      return verdict;
    });
  }

  #streamAttempt(
    { request, key, edns }: Draft,
    { id, channel }: { readonly id: number; readonly channel: StreamChannel },
  ): Attempt {
    const { udpPayloadBytes: udpSize } = this.#options;
    const options: EdnsOptionData[] = [{ code: EdnsOption.Keepalive, data: Buffer.alloc(0) }];
    if (this.#options.cookies) options.push(this.#cookies.option);
    const padToBytes = this.#server.transport === 'tls' ? PAD_TO : undefined;
    const attempt = newAttempt(request, {
      id,
      where: this.#server.text,
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

  readonly #nowSeconds = (): number => this.#reactor.clock.epoch() / 1000;

  #address(): Deferred<InetAddress> {
    const { host, port, family } = this.#server;
    if (family !== undefined) return succeed({ kind: 'udp', host, port, family });
    return this.#reactor.resolver.lookup(host).addCallback(([found]) => {
      if (found !== undefined) return { kind: 'udp', host: found.host, port, family: found.family };
      throw new DnsClientError('HAWSER_DNS_NETWORK', `Cannot ask ${this.#server.text}: no address`);
    });
  }
}

/** True for what asks, and orders nothing. */
export function isQuery({ opcode = Opcode.Query }: DnsRequest): boolean {
  return opcode === Opcode.Query;
}

/** RFC 7828 §3.4: the server says how long it keeps an idle connection. */
function followKeepalive({ edns }: DnsMessage, channel: StreamChannel): void {
  const value = edns?.options.find(({ code }) => code === EdnsOption.Keepalive)?.data;
  if (value?.length === 2) channel.keepFor(Math.min(value.readUInt16BE() * 100, MAX_KEEPALIVE_MS));
}
