// Response rate limiting: what a server that anybody can ask does against being used to flood others. Replies to forged
// addresses look alike and are many; those to real clients, who remember answers, are not.
import { type Address, type AddressSet, type Clock, parseIp, type Random } from '@hawser/core';
import { addressSet } from '../address-set.ts';
import type { Answer } from '../contract/answer.ts';
import { usageError } from '../errors.ts';
import { Rcode, Type } from '../numbers.ts';

/** Options for the rate limit of UDP replies. */
export interface RateLimitOptions {
  /** Replies of one kind to one network in a second. @defaultValue 200 */
  readonly repliesPerSecond?: number | undefined;
  /** How long somebody who asked too much must be quieter, in seconds, at most. @defaultValue 15 */
  readonly windowSeconds?: number | undefined;
  /**
   * Of the replies over the limit every so-manieth is sent empty with TC, so that real clients among the forged ones ask over
   * TCP. 1 sends all of them so, 0 none.
   * @defaultValue 2
   */
  readonly slip?: number | undefined;
  /** Leading bits of an IPv4 address that make a network. @defaultValue 24 */
  readonly ipv4Prefix?: number | undefined;
  /** The same of an IPv6 address. @defaultValue 56 */
  readonly ipv6Prefix?: number | undefined;
  /** Kinds of reply and networks remembered, at 16 octets each; others are forgotten for new ones. @defaultValue 65,536 */
  readonly tableEntries?: number | undefined;
  /** Addresses and networks without a limit. @defaultValue loopback */
  readonly exempt?: AddressSet | readonly string[] | undefined;
}

/** What to do with a reply. */
export type RateVerdict = 'send' | 'drop' | 'slip';

/** Entries a kind of reply may be in. */
const WAYS = 4;
/** Clients whose network is remembered: parsing an address costs more than all the rest. */
const MAX_CLIENTS = 4096;
const EXEMPT = -1;

const LOOPBACK = ['127.0.0.0/8', '::1'];

/** Counts replies, in a table of fixed size. */
export class ReplyRateLimiter {
  readonly #rate: number;
  readonly #lowest: number;
  readonly #slip: number;
  readonly #prefixes: { readonly ipv4: number; readonly ipv6: number };
  readonly #exempt: AddressSet;
  readonly #clients = new Map<string, number>();
  readonly #mask: number;
  readonly #tags: Uint32Array;
  readonly #credits: Float32Array;
  /** Milliseconds, of which the low 32 bits matter. */
  readonly #times: Uint32Array;
  readonly #limited: Uint32Array;
  readonly #key: number;
  #seed: number;

  /** The options must have passed {@link checkRateLimit}. */
  constructor(options: RateLimitOptions, random: Random) {
    const { repliesPerSecond = 200, windowSeconds = 15, slip = 2, exempt = LOOPBACK } = options;
    const { ipv4Prefix = 24, ipv6Prefix = 56, tableEntries = 65_536 } = options;
    this.#rate = repliesPerSecond;
    this.#lowest = -repliesPerSecond * windowSeconds;
    this.#slip = slip;
    this.#prefixes = { ipv4: ipv4Prefix, ipv6: ipv6Prefix };
    this.#exempt = addressSet(exempt, 'exempt');
    const sets = 2 ** Math.ceil(Math.log2(Math.max(1, tableEntries / WAYS)));
    this.#mask = sets - 1;
    this.#tags = new Uint32Array(sets * WAYS);
    this.#credits = new Float32Array(sets * WAYS);
    this.#times = new Uint32Array(sets * WAYS);
    this.#limited = new Uint32Array(sets * WAYS);
    // Unknown to others, or they could choose names that share an entry with somebody's.
    this.#seed = random.bytes(4).readUInt32LE(0) | 1;
    this.#key = random.bytes(4).readInt32LE(0);
  }

  /** Counts `answer` to `client` and says whether it may be sent. */
  judge(client: Address, answer: Answer, clock: Pick<Clock, 'now'>): RateVerdict {
    const network = this.#networkOf(client);
    if (network === EXEMPT) return 'send';
    const nowMs = clock.now();
    const hash = kindHash(answer, network ^ this.#key);
    const at = this.#entry(hash, nowMs >>> 0);
    const elapsed = ((nowMs >>> 0) - (this.#times[at] ?? 0)) >>> 0;
    this.#times[at] = nowMs >>> 0;
    const earned = (this.#credits[at] ?? 0) + (elapsed * this.#rate) / 1000;
    const credit = Math.max(Math.min(earned, this.#rate) - 1, this.#lowest);
    this.#credits[at] = credit;
    if (credit >= 0) return 'send';
    if (this.#slip === 0) return 'drop';
    const limited = (this.#limited[at] ?? 0) + 1;
    this.#limited[at] = limited;
    return limited % this.#slip === 0 ? 'slip' : 'drop';
  }

  /** Where this kind of reply is counted. */
  #entry(hash: number, now: number): number {
    const first = (hash & this.#mask) * WAYS;
    // Never 0: that is an entry nobody has.
    const tag = (Math.imul(hash, 0x9e3779b1) | 1) >>> 0;
    let free = -1;
    for (let at = first; at < first + WAYS; at++) {
      if (this.#tags[at] === tag) return at;
      if (free < 0 && this.#tags[at] === 0) free = at;
    }
    this.#seed = Math.imul(this.#seed, 1_664_525) + 1_013_904_223;
    const at = free >= 0 ? free : first + ((this.#seed >>> 16) & (WAYS - 1));
    this.#tags[at] = tag;
    this.#credits[at] = this.#rate;
    this.#times[at] = now;
    this.#limited[at] = 0;
    return at;
  }

  #networkOf(client: Address): number {
    if (!('host' in client)) return EXEMPT;
    const known = this.#clients.get(client.host);
    if (known !== undefined) return known;
    if (this.#clients.size >= MAX_CLIENTS) this.#clients.clear();
    const network = this.#exempt.has(client) ? EXEMPT : this.#networkHash(client.host);
    this.#clients.set(client.host, network);
    return network;
  }

  #networkHash(host: string): number {
    const ip = parseIp(host) ?? new Uint8Array(4);
    const bits = ip.length === 4 ? this.#prefixes.ipv4 : this.#prefixes.ipv6;
    let hash = ip.length;
    for (let at = 0; at * 8 < bits; at++) {
      const left = bits - at * 8;
      const octet = (ip[at] ?? 0) & (left >= 8 ? 0xff : 0xff00 >> left);
      hash = Math.imul(hash ^ octet, 0x01000193);
    }
    return hash >>> 1;
  }
}

/**
 * Replies that count as one: the same data, the same referral, any name a zone does not have, any error. For data that is the
 * owner in the zone, so that all names a wildcard stands for are one.
 */
function kindHash({ rcode, answer, authority }: Answer, seed: number): number {
  const [data] = answer;
  const [about] = authority;
  if (rcode === Rcode.NoError && data !== undefined) {
    return textHash(data.rrset.name.key, seed ^ (data.rrset.type << 3));
  }
  if (rcode === Rcode.NXDomain) return textHash(about?.rrset.name.key ?? '', seed ^ 1);
  if (rcode !== Rcode.NoError) return textHash('', seed ^ 2);
  const referral = about?.rrset.type === Type.NS;
  return textHash(about?.rrset.name.key ?? '', seed ^ (referral ? 3 : 4));
}

function textHash(text: string, seed: number): number {
  let hash = seed | 0;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x85ebca6b) >>> 0;
}

/** @throws UsageError `HAWSER_DNS_OPTIONS` */
export function checkRateLimit(options: RateLimitOptions): void {
  const { repliesPerSecond = 1, windowSeconds = 1, slip = 0 } = options;
  const { ipv4Prefix = 0, ipv6Prefix = 0, tableEntries = 1 } = options;
  const fits =
    repliesPerSecond > 0 &&
    windowSeconds >= 1 &&
    Number.isInteger(slip) &&
    slip >= 0 &&
    isBetween(ipv4Prefix, 0, 32) &&
    isBetween(ipv6Prefix, 0, 128) &&
    isBetween(tableEntries, 1, 2 ** 24);
  addressSet(options.exempt ?? [], 'exempt');
  if (fits) return;
  throw usageError(
    'HAWSER_DNS_OPTIONS',
    `Cannot limit the rate of replies with these options: ${JSON.stringify(options)}`,
  );
}

function isBetween(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}
