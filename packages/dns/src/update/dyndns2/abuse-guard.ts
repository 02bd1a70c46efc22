// Who updates too often, and what becomes of it.

import { usageError } from '../../errors.ts';
import { Name } from '../../name.ts';
import type { Bucket } from '../../store/bucket.ts';
import { networkOf } from '../http/client-address.ts';
import type { HttpUpdateContext } from '../http/http-context.ts';
import { type Rate, RateMemory } from '../http/rate-memory.ts';

/** A host was updated without need. */
export interface AbuseNotice {
  /** `"warned"` once a week before a host is `"blocked"`, which lasts until {@link AbuseGuard.reset}. */
  readonly kind: 'warned' | 'blocked';
  readonly host: string;
  /** Needless updates of this week. */
  readonly strikes: number;
}

/** Options for {@link AbuseGuard}. */
export interface AbuseGuardOptions {
  /** Where blocked hosts survive the process. Written when a host is warned, blocked or reset. @defaultValue nowhere */
  readonly bucket?: Bucket | undefined;
  /** Updates of one host. @defaultValue 30 at once, 10 a minute */
  readonly hostRate?: Rate | undefined;
  /** Wrong credentials from one address, or /64 of IPv6. @defaultValue 30 at once, 3 a minute */
  readonly failureRate?: Rate | undefined;
  /** Needless updates of a host in a week before its owner is warned. @defaultValue 20 */
  readonly warnAfter?: number | undefined;
  /** Needless updates of a host in a week before it is blocked. @defaultValue 150 */
  readonly blockAfter?: number | undefined;
  readonly onAbuse?: ((notice: AbuseNotice) => void) | undefined;
  /** Hosts to remember. @defaultValue 10_000 */
  readonly maxHosts?: number | undefined;
}

const WEEK_MS = 7 * 86_400_000;
/** An update that changes nothing after that is meant to show that the host is still wanted. */
const REFRESH_MS = 28 * 86_400_000;

interface HostRecord {
  /** Of this week. */
  strikes: number;
  weekStart: number;
  blocked: boolean;
  /** When it last changed, or was said to be still wanted; undefined if that was before this process. */
  refreshedAt: number | undefined;
}

type Moment = Pick<HttpUpdateContext, 'reactor'>;

/** Counts needless updates of hosts and wrong credentials. One may serve several handlers. */
export class AbuseGuard {
  readonly #bucket: Bucket | undefined;
  readonly #rates: RateMemory;
  readonly #failures: RateMemory;
  readonly #warnAfter: number;
  readonly #blockAfter: number;
  readonly #maxHosts: number;
  readonly #onAbuse: ((notice: AbuseNotice) => void) | undefined;
  /** The one heard of first is first. */
  readonly #hosts = new Map<string, HostRecord>();

  /** @throws UsageError `HAWSER_DNS_OPTIONS` */
  constructor(options: AbuseGuardOptions = {}) {
    const { bucket, warnAfter = 20, blockAfter = 150, maxHosts = 10_000, onAbuse } = options;
    const { hostRate = { burst: 30, perMinute: 10 }, failureRate = { burst: 30, perMinute: 3 } } =
      options;
    if (![warnAfter, blockAfter, maxHosts].every((each) => Number.isInteger(each) && each >= 1)) {
      throw usageError(
        'HAWSER_DNS_OPTIONS',
        `Cannot count strikes as warnAfter, blockAfter and maxHosts must be 1 or more: ${warnAfter}, ${blockAfter}, ${maxHosts}`,
      );
    }
    this.#bucket = bucket;
    this.#rates = new RateMemory(hostRate, maxHosts);
    this.#failures = new RateMemory(failureRate, maxHosts);
    this.#warnAfter = warnAfter;
    this.#blockAfter = blockAfter;
    this.#maxHosts = maxHosts;
    this.#onAbuse = onAbuse;
  }

  /** Lets a blocked host be updated again, and forgets its strikes. */
  async reset(host: string): Promise<void> {
    const name = Name.parse(host);
    this.#hosts.delete(name.key);
    await this.#bucket?.delete(bucketKey(name));
  }

  /** False if so many wrong credentials came from `client` that no more are looked at for now. */
  mayTry(client: string | undefined, { reactor }: Moment): boolean {
    return this.#failures.allows(networkOf(client), reactor.clock.now());
  }

  /** Wrong credentials came from `client`. */
  failed(client: string | undefined, { reactor }: Moment): void {
    this.#failures.take(networkOf(client), reactor.clock.now());
  }

  /** Whether `host` may be updated now, which counts. */
  async admits(host: Name, { reactor }: Moment): Promise<boolean> {
    const record = this.#hosts.get(host.key) ?? (await this.#recall(host, reactor.clock.epoch()));
    return !record.blocked && this.#rates.take(host.key, reactor.clock.now());
  }

  /** The host was changed. */
  changed(host: Name, { reactor }: Moment): void {
    const record = this.#hosts.get(host.key);
    if (record !== undefined) record.refreshedAt = reactor.clock.epoch();
  }

  /** The update changed nothing. */
  unchanged(host: Name, { reactor }: Moment): void {
    const record = this.#hosts.get(host.key);
    if (record === undefined) return;
    const now = reactor.clock.epoch();
    if (record.refreshedAt === undefined || now - record.refreshedAt >= REFRESH_MS) {
      record.refreshedAt = now;
      return;
    }
    if (now - record.weekStart >= WEEK_MS) {
      record.strikes = 0;
      record.weekStart = now;
    }
    record.strikes++;
    // It may have more than enough, if it had as many before this process, with another limit.
    if (record.strikes >= this.#blockAfter && !record.blocked) {
      record.blocked = true;
      this.#tell('blocked', host, record, reactor);
    } else if (record.strikes === this.#warnAfter) {
      this.#tell('warned', host, record, reactor);
    }
  }

  async #recall(host: Name, now: number): Promise<HostRecord> {
    const stored = await this.#bucket?.get(bucketKey(host));
    const record = {
      strikes: 0,
      weekStart: now,
      blocked: false,
      refreshedAt: undefined,
      ...parsed(stored),
    };
    // Whoever asked meanwhile has counted already.
    const known = this.#hosts.get(host.key);
    if (known !== undefined) return known;
    this.#hosts.set(host.key, record);
    if (this.#hosts.size > this.#maxHosts) this.#forget();
    return record;
  }

  /** What is written down can be read again; what is not is kept while it matters. */
  #forget(): void {
    for (const [key, { blocked }] of this.#hosts) {
      if (blocked && this.#bucket === undefined && this.#hosts.size <= 2 * this.#maxHosts) continue;
      this.#hosts.delete(key);
      return;
    }
  }

  #tell(
    kind: AbuseNotice['kind'],
    host: Name,
    record: HostRecord,
    { reports }: Moment['reactor'],
  ): void {
    const { strikes, weekStart, blocked } = record;
    const value = Buffer.from(JSON.stringify({ strikes, weekStart, blocked }));
    // Nobody waits for this: an answer that says the address is right must not depend on it.
    this.#bucket
      ?.put(bucketKey(host), value)
      .catch((error: unknown) => reports.problem('dns.dyndns2.abuse', error));
    try {
      this.#onAbuse?.({ kind, host: host.toString(), strikes });
    } catch (error) {
      reports.problem('dns.dyndns2.onAbuse', error);
    }
  }
}

function bucketKey(host: Name): string {
  return host.toString().toLowerCase();
}

/** What was stored, as far as it makes sense. */
function parsed(stored: Buffer | undefined): Partial<HostRecord> {
  if (stored === undefined) return {};
  try {
    const { strikes, weekStart, blocked } = JSON.parse(stored.toString()) as Record<
      string,
      unknown
    >;
    if (typeof strikes !== 'number' || typeof weekStart !== 'number') return {};
    return { strikes, weekStart, blocked: blocked === true };
  } catch {
    return {};
  }
}
