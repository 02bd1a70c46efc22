// Remembers what the handlers behind it say (RFC 1034 §4.3, RFC 2308, RFC 8767, RFC 9520).
import { type Answer, answerWith, codeAnswer, type Outcome } from '../contract/answer.ts';
import type { DnsHandlerObject, Eventually, Next } from '../contract/handler.ts';
import type { DnsQuery } from '../contract/query.ts';
import { isWithin, Name } from '../name.ts';
import { ExtendedErrorCode, Rcode } from '../numbers.ts';
import { type AnswerPlace, AnswerStore } from './answer-store.ts';
import { isCacheable, variantOf } from './cache-key.ts';
import {
  type CacheCounters,
  type CacheOptions,
  cacheLimits,
  STALE_RETRY_SECONDS,
  type StaleLimits,
} from './cache-options.ts';
import { CachedAnswer, lifetimeOf, type TtlBounds } from './cached-answer.ts';
import { WaitLines } from './wait-line.ts';

/** A {@link cache}. */
export interface DnsCache extends DnsHandlerObject {
  readonly counters: Readonly<CacheCounters>;
  /** Answers in it. */
  readonly size: number;
  /** Memory they take, roughly. */
  readonly bytes: number;
  /** Answers that made room for others. */
  readonly evicted: number;
  /**
   * Forgets what is known about `name`, and gives how many answers that were. With `below` all names below it as well, for which
   * every name there is has to be looked at.
   * @throws UsageError `HAWSER_DNS_NAME`
   */
  purge(name: Name | string, options?: { readonly below?: boolean | undefined }): number;
  /** Forgets everything. */
  clear(): void;
}

/**
 * Remembers answers of the handlers behind it, by name, type, and the bits DO, CD, AD and RD: for the lowest TTL in them, what does
 * not exist for as long as its SOA says, SERVFAIL for a moment. The same question at the same time is asked once. Passed on
 * as they are: answers of own zones, queries with a client subnet (RFC 7871), signed queries, transfers, updates.
 *
 * @throws UsageError `HAWSER_DNS_OPTIONS`
 *
 * @example
 * dnsService(':53', [cache({ serveStale: true, prefetch: true }), forward({ servers: ['192.0.2.53'] })]);
 */
export function cache(options: CacheOptions = {}): DnsCache {
  return new AnswerCache(options);
}

/** A question that is being asked behind. */
interface Flight {
  coming: Promise<Outcome> | undefined;
}

/** A query, and who can answer it. */
interface Ask extends AnswerPlace {
  readonly query: DnsQuery;
  readonly next: Next;
}

/** The part of its time in which an answer is asked for again in the background. */
const PREFETCH_PART = 0.1;

class AnswerCache implements DnsCache {
  readonly counters: CacheCounters = { hits: 0, misses: 0, joined: 0, stale: 0, prefetched: 0 };
  readonly #store: AnswerStore;
  readonly #bounds: TtlBounds;
  readonly #stale: StaleLimits | undefined;
  readonly #prefetch: boolean;
  readonly #authoritative: boolean;
  readonly #maxWaiting: number;
  readonly #patience: WaitLines;
  readonly #flights = new Map<string, Flight>();
  /** Queries that wait for them, but for those that began them. */
  #waiting = 0;

  constructor(options: CacheOptions) {
    const limits = cacheLimits(options);
    this.#bounds = limits.bounds;
    this.#stale = limits.stale;
    this.#maxWaiting = limits.maxWaiting;
    this.#patience = new WaitLines(limits.stale?.clientTimeoutMs ?? 0);
    this.#store = new AnswerStore(limits);
    this.#prefetch = options.prefetch ?? false;
    this.#authoritative = options.authoritative ?? false;
  }

  get size(): number {
    return this.#store.size;
  }

  get bytes(): number {
    return this.#store.bytes;
  }

  get evicted(): number {
    return this.#store.evicted;
  }

  handle(query: DnsQuery, next: Next): Eventually<Outcome> {
    if (!isCacheable(query)) return next(query);
    const { key: nameKey } = query;
    const variant = variantOf(query);
    const entry = this.#store.get(nameKey, variant);
    const now = query.reactor.clock.now();
    if (entry !== undefined && now < entry.endsAt) {
      this.counters.hits += 1;
      if (this.#prefetch) this.#maybePrefetch(entry, { nameKey, variant, query, next });
      return entry.at(now);
    }
    const ask = { nameKey, variant, query, next };
    if (entry === undefined) return this.#fetch(ask);
    const stale = this.#stale;
    if (stale === undefined || entry.failed || now >= entry.endsAt + stale.maxSeconds * 1_000) {
      this.#store.delete(ask);
      return this.#fetch(ask);
    }
    const atOnce = now < entry.retryAt || this.#waiting >= this.#maxWaiting;
    return atOnce ? this.#showStale(entry) : this.#freshOrStale(entry, ask);
  }

  purge(
    name: Name | string,
    { below = false }: { readonly below?: boolean | undefined } = {},
  ): number {
    const { key } = typeof name === 'string' ? Name.parse(name) : name;
    // What is on its way may be from before; nobody keeps it.
    this.#flights.clear();
    if (!below) return this.#store.deleteName(key);
    let deleted = 0;
    for (const each of this.#store.names())
      if (isWithin(each, key)) deleted += this.#store.deleteName(each);
    return deleted;
  }

  clear(): void {
    this.#flights.clear();
    for (const each of this.#store.names()) this.#store.deleteName(each);
  }

  #fetch(ask: Ask): Eventually<Outcome> {
    const coming = this.#flights.get(flightKey(ask))?.coming;
    if (coming !== undefined)
      return this.#waiting < this.#maxWaiting ? this.#join(coming, ask) : tooMany;
    this.counters.misses += 1;
    const outcome = ask.next(ask.query);
    return 'then' in outcome ? this.#fly(ask, outcome) : this.#keep(ask, outcome);
  }

  /** What waits for an answer that turns out to be for one client only asks for itself. */
  async #join(coming: Promise<Outcome>, { query, next }: Ask): Promise<Outcome> {
    this.counters.joined += 1;
    this.#waiting += 1;
    let outcome: Outcome;
    try {
      outcome = await coming;
    } catch {
      // Reported by who asked first: once, however many wait.
      return codeAnswer(Rcode.ServFail);
    } finally {
      this.#waiting -= 1;
    }
    return this.#isShareable(outcome) ? outcome : next(query);
  }

  #fly(ask: Ask, outcome: PromiseLike<Outcome>): Promise<Outcome> {
    const flight: Flight = { coming: undefined };
    this.#flights.set(flightKey(ask), flight);
    flight.coming = this.#arrive(ask, flight, outcome);
    return flight.coming;
  }

  async #arrive(ask: Ask, flight: Flight, coming: PromiseLike<Outcome>): Promise<Outcome> {
    try {
      const outcome = await coming;
      return this.#flights.get(flightKey(ask)) === flight ? this.#keep(ask, outcome) : outcome;
    } finally {
      if (this.#flights.get(flightKey(ask)) === flight) this.#flights.delete(flightKey(ask));
    }
  }

  /** Remembers `outcome` if it may be, and gives it as others will see it. */
  #keep(ask: Ask, outcome: Outcome): Outcome {
    if (!this.#isShareable(outcome)) return outcome;
    const { query, nameKey, variant } = ask;
    const now = query.reactor.clock.now();
    const known = this.#store.get(nameKey, variant);
    if (isFailure(outcome) && known !== undefined && !known.failed) {
      // What was good is worth more than to know that it cannot be had now.
      this.#postpone(known, now);
      return outcome;
    }
    const bounds = this.#bounds;
    const lifetime = lifetimeOf(outcome, query.type, bounds);
    if (lifetime <= 0) {
      // What is known is not true any more, and must not be shown as stale later on.
      this.#store.delete(ask);
      return outcome;
    }
    const entry = new CachedAnswer(outcome, { query, now, lifetime, bounds });
    this.#store.set(ask, entry);
    // The first one to ask hears of the failure itself, not that it is remembered.
    return entry.failed ? outcome : entry.at(now);
  }

  #isShareable(outcome: Outcome): outcome is Answer {
    return outcome.kind === 'answer' && (this.#authoritative || !outcome.authoritative);
  }

  #postpone(entry: CachedAnswer, now: number): void {
    entry.retryAt = now + (this.#stale?.retrySeconds ?? STALE_RETRY_SECONDS) * 1_000;
  }

  #maybePrefetch(entry: CachedAnswer, ask: Ask): void {
    const { clock } = ask.query.reactor;
    const now = clock.now();
    const left = (entry.endsAt - now) / (entry.endsAt - entry.storedAt);
    if (left > PREFETCH_PART || now < entry.retryAt || entry.failed) return;
    if (this.#flights.has(flightKey(ask))) return;
    this.counters.prefetched += 1;
    this.#refresh(ask).catch(() => this.#postpone(entry, clock.now()));
  }

  /** Fresh if that can be had in time. */
  async #freshOrStale(entry: CachedAnswer, ask: Ask): Promise<Outcome> {
    const { clock } = ask.query.reactor;
    const coming = this.#flights.get(flightKey(ask))?.coming ?? this.#refresh(ask);
    const line = this.#patience.of(clock);
    this.#waiting += 1;
    const outcome = await new Promise<Outcome | undefined>((resolve) => {
      const wait = line.add(() => resolve(undefined));
      const settle = (fresh?: Outcome): void => {
        line.remove(wait);
        resolve(fresh);
      };
      coming.then(settle, () => settle());
    });
    this.#waiting -= 1;
    if (outcome !== undefined && !isFailure(outcome)) return outcome;
    this.#postpone(entry, clock.now());
    return this.#showStale(entry);
  }

  /** Asks for what is known already. That it failed is reported, once for all who wait for it. */
  async #refresh(ask: Ask): Promise<Outcome> {
    this.counters.misses += 1;
    try {
      return await this.#fly(ask, Promise.resolve(ask.next(ask.query)));
    } catch (error) {
      ask.query.reactor.reports.problem('dns.cache', error);
      throw error;
    }
  }

  #showStale(entry: CachedAnswer): Answer {
    this.counters.stale += 1;
    return entry.stale;
  }
}

const tooMany = answerWith(Rcode.ServFail, { errors: [{ code: ExtendedErrorCode.NotReady }] });

function flightKey({ nameKey, variant }: AnswerPlace): string {
  return `${variant}/${nameKey}`;
}

/** Nothing else says anything about the name (RFC 8767 §4). */
function isFailure(outcome: Outcome): boolean {
  if (outcome.kind !== 'answer') return false;
  return outcome.rcode !== Rcode.NoError && outcome.rcode !== Rcode.NXDomain;
}
