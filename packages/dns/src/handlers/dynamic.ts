// A zone whose names come from a function: a database, an API, a computation.
import { type Address, type Clock, type Reactor, TimeoutError } from '@hawser/core';
import { codeAnswer, type Outcome } from '../contract/answer.ts';
import type { Authority, Eventually } from '../contract/handler.ts';
import type { DnsQuery } from '../contract/query.ts';
import { usageError } from '../errors.ts';
import { Name } from '../name.ts';
import { formatType, Opcode, Rcode, Type } from '../numbers.ts';
import type { HostRecords } from '../rdata/value.ts';
import { MAX_CHAIN } from '../zone/answer.ts';
import { toRRsets } from '../zone/host-records.ts';
import { type NewZoneOptions, newZone } from '../zone/new-zone.ts';
import type { Zone } from '../zone/zone.ts';
import { answerOnce, answerZone } from './answer-zone.ts';

/** What a {@link DynamicOptions.resolve} function is asked. */
export interface Lookup {
  /** The name relative to the zone, in lower case: `"www"`, `"a.b"`, `"@"` for the zone itself. */
  readonly label: string;
  /** The whole name, in lower case. */
  readonly name: string;
  /** The type asked for, such as `"A"`. Other types may be returned too. */
  readonly type: string;
  readonly client: Address;
  /** Aborted when the answer is not awaited any more. */
  readonly signal: AbortSignal;
}

/** Options for {@link dynamic}. */
export interface DynamicOptions extends NewZoneOptions {
  /**
   * What a name holds: `undefined` if it does not exist (NXDOMAIN), `{}` if it does but holds nothing. A throw or a
   * rejection is reported and answered with SERVFAIL.
   */
  resolve(lookup: Lookup): HostRecords | undefined | PromiseLike<HostRecords | undefined>;
  /** TTL where an answer has none, in seconds. @defaultValue 60 */
  readonly ttl?: number | undefined;
  /** Longest wait for one answer; then SERVFAIL. @defaultValue 2000 */
  readonly timeoutMs?: number | undefined;
  /** Calls of `resolve` at the same time; more are answered with SERVFAIL. @defaultValue 1000 */
  readonly maxConcurrent?: number | undefined;
  /** False lets clients share the answer to the same question while it is awaited. @defaultValue true */
  readonly perClient?: boolean | undefined;
}

/**
 * A zone that asks `options.resolve` for every name. SOA and NS are made up; referrals, aliases and negative answers are
 * derived; a name below a delegation is asked for like any other. An alias within the zone is followed by asking again.
 * @throws UsageError `HAWSER_DNS_NAME`, `HAWSER_DNS_RDATA` for a bad origin or server name, `HAWSER_DNS_OPTIONS`
 *
 * @example
 * dynamic('example.net', { ns: ['ns1.example.net'], resolve: ({ label }) => hosts.get(label) });
 */
export function dynamic(origin: string, options: DynamicOptions): Authority {
  return new FunctionZone(Name.parse(origin), options);
}

/** Queries that may share one call, on average of all that are allowed. */
const SHARED_PER_CALL = 10;

type Records = HostRecords | undefined;

class FunctionZone implements Authority {
  readonly origin: Name;
  readonly #base: Zone;
  readonly #options: Required<Pick<DynamicOptions, 'resolve' | 'perClient'>>;
  readonly #ttl: number;
  readonly #timeoutMs: number;
  readonly #maxConcurrent: number;
  readonly #waiting = new Map<string, { readonly zone: PromiseLike<Zone>; queries: number }>();
  /** Queries that wait for the calls that run: what they hold is memory of ours. */
  #awaited = 0;
  #reactor: Reactor | undefined;
  #running = 0;
  #overloaded = false;

  constructor(origin: Name, options: DynamicOptions) {
    const { ttl = 60, timeoutMs = 2000, maxConcurrent = 1000, perClient = true, ...rest } = options;
    if (typeof options.resolve !== 'function' || timeoutMs <= 0 || maxConcurrent <= 0) {
      const why = 'resolve must be a function, timeoutMs and maxConcurrent above 0';
      throw usageError('HAWSER_DNS_OPTIONS', `Cannot serve "${origin}" as ${why}`);
    }
    this.origin = origin;
    this.#base = newZone(origin, rest);
    this.#options = { resolve: (lookup) => options.resolve(lookup), perClient };
    this.#ttl = ttl;
    this.#timeoutMs = timeoutMs;
    this.#maxConcurrent = maxConcurrent;
  }

  started(reactor: Reactor): void {
    this.#reactor = reactor;
  }

  handle(query: DnsQuery): Eventually<Outcome> {
    // Updates and transfers are not for a function.
    if (query.opcode !== Opcode.Query) return answerOnce(this.#base, query);
    const zone = this.#zoneFor(query);
    if (zone === undefined) return codeAnswer(Rcode.ServFail);
    if (isPromise(zone)) return zone.then((made) => answerOnce(made, query));
    return zone === this.#base ? answerZone(zone, query) : answerOnce(zone, query);
  }

  #zoneFor(query: DnsQuery): Eventually<Zone> | undefined {
    const { key, type, client } = query;
    if (key === this.origin.key && (type === Type.SOA || type === Type.NS)) return this.#base;
    const who = this.#options.perClient ? clientKey(client) : '';
    const id = `${who}/${type}/${key}`;
    const waiting = this.#waiting.get(id);
    const full = waiting === undefined ? this.#running : this.#awaited / SHARED_PER_CALL;
    if (full >= this.#maxConcurrent) return this.#overload();
    if (waiting !== undefined) {
      waiting.queries++;
      this.#awaited++;
      return waiting.zone;
    }
    const zone = this.#extend(this.#base, Name.fromWire(Buffer.from(key, 'latin1')), {
      query,
      asked: new Set(),
    });
    if (!isPromise(zone)) return zone;
    const entry = { zone, queries: 1 };
    const forget = (): void => {
      this.#waiting.delete(id);
      this.#awaited -= entry.queries;
    };
    this.#waiting.set(id, entry);
    this.#awaited++;
    zone.then(forget, forget);
    return zone;
  }

  /** `zone` with what the function says about `name`, and about the names its aliases lead to. */
  #extend(
    zone: Zone,
    name: Name,
    step: { readonly query: DnsQuery; readonly asked: Set<string> },
  ): Eventually<Zone> {
    const { query, asked } = step;
    asked.add(name.key);
    const add = (records: Records): Eventually<Zone> => {
      if (records === undefined) return zone;
      const rrsets = toRRsets(name, records, this.#ttl);
      const extended = zone.including(name, rrsets);
      const target = rrsets.find(({ type }) => type === Type.CNAME)?.records[0]?.target;
      if (target === undefined || !target.isSubdomainOf(this.origin)) return extended;
      // Whether the zone has the name says nothing: it has its origin, and what is above the names asked about.
      if (asked.size > MAX_CHAIN || asked.has(target.key)) return extended;
      return this.#extend(extended, target, step);
    };
    const records = this.#call(name, query);
    return isPromise(records) ? records.then(add) : add(records);
  }

  #call(name: Name, query: DnsQuery): Eventually<Records> {
    const abort = new AbortController();
    const result = this.#options.resolve({
      label: name.relativeTo(this.origin),
      name: name.toString(),
      type: formatType(query.type),
      client: query.client,
      signal: abort.signal,
    });
    if (!isPromise(result)) return result;
    // Query builders are thenables that run the query again for each `then`.
    const records = Promise.resolve(result);
    // A call that goes on after its timeout still counts: it still costs somebody something.
    this.#running++;
    const done = (): void => {
      this.#running--;
      if (this.#running < this.#maxConcurrent / 2) this.#overloaded = false;
    };
    records.then(done, done);
    return this.#reactor === undefined
      ? records
      : within(records, name, { clock: this.#reactor.clock, ms: this.#timeoutMs, abort });
  }

  /** Reported once until the load is down again: a report for each query would be a second attack. */
  #overload(): undefined {
    if (this.#overloaded) return;
    this.#overloaded = true;
    const why = `more than ${this.#maxConcurrent} lookups are running`;
    this.#reactor?.reports.problem(
      'dns.resolve',
      new TimeoutError(`Cannot ask about "${this.origin}" as ${why}`),
    );
  }
}

interface Limit {
  readonly clock: Clock;
  readonly ms: number;
  readonly abort: AbortController;
}

function within<T>(work: PromiseLike<T>, name: Name, { clock, ms, abort }: Limit): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.callLater(ms, () => {
      const error = new TimeoutError(`Cannot resolve "${name}" within ${ms} ms`);
      reject(error);
      abort.abort(error);
    });
    work.then(resolve, reject).then(
      () => timer.cancel(),
      () => timer.cancel(),
    );
  });
}

function isPromise<T>(value: Eventually<T>): value is PromiseLike<T> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}

function clientKey(client: Address): string {
  if ('host' in client) return client.host;
  return client.kind === 'unix' ? client.path : client.name;
}
