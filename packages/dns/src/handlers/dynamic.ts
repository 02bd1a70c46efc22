// A zone whose names come from a function: a database, an API, a computation.
import { type Address, TimeoutError } from '@hawser/core';
import {
  type Answer,
  type AnswerOption,
  answerWith,
  type ExtendedError,
  type Outcome,
} from '../contract/answer.ts';
import type { Authority, Eventually, Next } from '../contract/handler.ts';
import type { DnsQuery } from '../contract/query.ts';
import { usageError } from '../errors.ts';
import { ednsCodecs } from '../message/edns-option.ts';
import { Name } from '../name.ts';
import { isMetaType, Opcode, Rcode, Type } from '../numbers.ts';
import type { HostRecords } from '../rdata/value.ts';
import { MAX_CHAIN } from '../zone/answer.ts';
import { answerAlone } from '../zone/answer-alone.ts';
import { toRRsets } from '../zone/host-records.ts';
import { type NewZoneOptions, newZone } from '../zone/new-zone.ts';
import { isTtl } from '../zone/rrset.ts';
import type { Zone } from '../zone/zone.ts';
import { answerOnce, answerZone } from './answer-zone.ts';
import { type Lookup, QueryLookup, subnetOf } from './lookup.ts';
import { isPromise, ResolveCalls } from './resolve-calls.ts';
import { StaleAnswers, type StaleOptions } from './stale-answers.ts';

/** Not ours to answer: whoever is next in the list of handlers may. */
export interface Pass {
  readonly kind: 'pass';
}

/** What a {@link DynamicOptions.resolve} function returns to let the next handler answer. */
export const pass: Pass = { kind: 'pass' };

/**
 * What a name holds: `undefined` if it does not exist (NXDOMAIN), `{}` if it does but holds nothing. Or what to do instead: an
 * answer such as `codeAnswer(Rcode.Refused)`, or {@link pass}.
 */
export type Resolution = HostRecords | undefined | Answer | Pass;

/** Options for {@link dynamic}. */
export interface DynamicOptions extends NewZoneOptions {
  /**
   * Says what a name holds. A throw or a rejection is reported and answered with SERVFAIL. For a name that only an alias led
   * to, an answer or {@link pass} ends the chain: the client asks for the rest itself.
   */
  resolve(lookup: Lookup): Eventually<Resolution>;
  /** TTL where an answer has none, in seconds. @defaultValue 60 */
  readonly ttl?: number | undefined;
  /** Longest wait for one answer; then SERVFAIL. @defaultValue 2000 */
  readonly timeoutMs?: number | undefined;
  /** Calls of `resolve` at the same time; more are answered with SERVFAIL. @defaultValue 1000 */
  readonly maxConcurrent?: number | undefined;
  /**
   * False lets all clients share the answer to the same question while it is awaited. Otherwise only one client does, asking
   * with the same key and for the same subnet.
   * @defaultValue true
   */
  readonly perClient?: boolean | undefined;
  /**
   * Gives the last good answer, for 30 seconds and marked as stale (RFC 8767), where there would be SERVFAIL. Answers are kept
   * as `perClient` tells them apart.
   * @defaultValue false
   */
  readonly serveStale?: boolean | StaleOptions | undefined;
}

/**
 * A zone that asks `options.resolve` for every name. SOA and NS are made up; referrals, aliases and negative answers are
 * derived; a name below a delegation is asked for like any other. An alias within the zone is followed by asking again.
 * Why there is no answer is told in an extended error (RFC 8914): 23 for one that took too long, 0 for the others.
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
/** Extended errors (RFC 8914 §4.1, §4.24). The text is for whoever looks, and tells nothing about what went wrong within. */
const failed: ExtendedError = { code: 0, text: 'lookup failed' };
const tooMany: ExtendedError = { code: 0, text: 'too many lookups' };
const tooLate: ExtendedError = { code: 23, text: 'lookup timed out' };

/** What the function made of a question: content to answer from, or what to do instead. */
type Resolved = Content | Answer | Pass;

interface Content {
  readonly kind: 'content';
  readonly zone: Zone;
  /** The last name of a chain of aliases is for somebody else to answer. */
  readonly open: boolean;
  readonly options: readonly AnswerOption[] | undefined;
}

/** One question on its way through aliases. */
interface Step {
  readonly query: DnsQuery;
  /** Keys of the names asked about, that of the query first. A few: a set costs more. */
  readonly asked: string[];
  /** For clients of a certain subnet only. */
  subnet: boolean;
}

class FunctionZone implements Authority {
  readonly origin: Name;
  readonly #base: Zone;
  readonly #resolve: DynamicOptions['resolve'];
  readonly #perClient: boolean;
  readonly #ttl: number;
  readonly #calls: ResolveCalls;
  readonly #maxConcurrent: number;
  readonly #stale: StaleAnswers | undefined;
  /** What is said about every name that is not there. */
  #missing: Answer | undefined;
  readonly #waiting = new Map<
    string,
    { readonly resolved: PromiseLike<Resolved>; queries: number }
  >();
  /** Queries that wait for the calls that run: what they hold is memory of ours. */
  #awaited = 0;

  constructor(origin: Name, options: DynamicOptions) {
    const { ttl = 60, timeoutMs = 2000, maxConcurrent = 1000, perClient = true, ...rest } = options;
    const { serveStale = false } = rest;
    const limited = isTtl(ttl) && timeoutMs > 0 && maxConcurrent > 0;
    if (typeof options.resolve !== 'function' || !limited) {
      const why = 'resolve must be a function, ttl a TTL, timeoutMs and maxConcurrent above 0';
      throw usageError('HAWSER_DNS_OPTIONS', `Cannot serve "${origin}" as ${why}`);
    }
    this.origin = origin;
    this.#base = newZone(origin, rest);
    this.#resolve = (lookup) => options.resolve(lookup);
    this.#perClient = perClient;
    this.#ttl = ttl;
    this.#calls = new ResolveCalls({ timeoutMs, max: maxConcurrent });
    this.#maxConcurrent = maxConcurrent;
    if (serveStale) this.#stale = new StaleAnswers(serveStale === true ? {} : serveStale);
  }

  handle(query: DnsQuery, next: Next): Eventually<Outcome> {
    // Updates and transfers are not for a function.
    if (query.opcode !== Opcode.Query) return answerOnce(this.#base, query);
    const { key, type } = query;
    if (key === this.origin.key && (type === Type.SOA || type === Type.NS))
      return answerZone(this.#base, query);
    // Text that most answers made at once need not have.
    const alone = this.#waiting.size === 0 && this.#stale === undefined;
    const id = alone ? undefined : this.#idOf(query);
    try {
      const resolved = this.#find(id, query);
      if (resolved === undefined) return this.#failed(id, query, tooMany);
      if (!isPromise(resolved)) return this.#answer(id, query, { resolved, next });
      return this.#later(id, query, { resolved, next });
    } catch (error) {
      query.reactor.reports.problem('dns.resolve', error);
      return this.#failed(id, query, reasonOf(error));
    }
  }

  async #later(
    id: string | undefined,
    query: DnsQuery,
    { resolved, next }: { resolved: PromiseLike<Resolved>; next: Next },
  ): Promise<Outcome> {
    let made: Resolved;
    try {
      made = await resolved;
    } catch (error) {
      return this.#failed(id, query, reasonOf(error));
    }
    return this.#answer(id, query, { resolved: made, next });
  }

  #answer(
    id: string | undefined,
    query: DnsQuery,
    { resolved, next }: { resolved: Resolved; next: Next },
  ): Eventually<Outcome> {
    if (resolved.kind === 'pass') return next(query);
    const answer = resolved.kind === 'answer' ? resolved : this.#answerFrom(resolved, query);
    if (id !== undefined) this.#stale?.keep(id, answer, query.reactor.clock);
    return answer;
  }

  #answerFrom({ zone, open, options }: Content, query: DnsQuery): Answer {
    if (zone === this.#base && options === undefined) return answerZone(zone, query);
    const made = answerOnce(zone, query);
    const { authoritative, answer } = made;
    const known = open ? answerWith(Rcode.NoError, { authoritative, answer }) : made;
    return options === undefined ? known : { ...known, options };
  }

  #failed(id: string | undefined, query: DnsQuery, why: ExtendedError): Answer {
    const stale = id === undefined ? undefined : this.#stale?.get(id, query.reactor.clock);
    if (stale !== undefined) return { ...stale, errors: [...(stale.errors ?? []), why] };
    return answerWith(Rcode.ServFail, { errors: [why] });
  }

  /** Undefined if too much is going on already. */
  #find(id: string | undefined, query: DnsQuery): Eventually<Resolved> | undefined {
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    const full = waiting === undefined ? this.#calls.running : this.#awaited / SHARED_PER_CALL;
    if (full >= this.#maxConcurrent) {
      this.#calls.overload({ reactor: query.reactor, what: this.origin.toString() });
      return undefined;
    }
    if (waiting !== undefined) {
      waiting.queries++;
      this.#awaited++;
      return waiting.resolved;
    }
    const step: Step = { query, asked: [], subnet: false };
    const { key } = query;
    const name = Name.fromParts(Buffer.from(key, 'latin1'), key);
    const resolved = this.#extend(this.#base, name, step);
    if (!isPromise(resolved)) return resolved;
    this.#await(id ?? this.#idOf(query), query, resolved);
    return resolved;
  }

  /** Lets those who ask the same meanwhile share the answer. */
  #await(id: string, query: DnsQuery, resolved: PromiseLike<Resolved>): void {
    const entry = { resolved, queries: 1 };
    const forget = (): void => {
      this.#waiting.delete(id);
      this.#awaited -= entry.queries;
    };
    this.#waiting.set(id, entry);
    this.#awaited++;
    resolved.then(forget, (error: unknown) => {
      forget();
      // Once, however many wait.
      query.reactor.reports.problem('dns.resolve', error);
    });
  }

  /** `zone` with what the function says about `name`, and about the names its aliases lead to. */
  #extend(zone: Zone, name: Name, step: Step): Eventually<Resolved> {
    const { query, asked } = step;
    asked.push(name.key);
    const lookup = new QueryLookup(query, name, this.origin);
    const resolution = this.#resolve(lookup);
    if (!isPromise(resolution)) return this.#add(zone, name, { step, lookup, resolution });
    const made = this.#calls.within(resolution, {
      reactor: query.reactor,
      what: lookup.name,
      abort: (reason) => lookup.abort(reason),
    });
    return made.then((late) => this.#add(zone, name, { step, lookup, resolution: late }));
  }

  #add(
    zone: Zone,
    name: Name,
    said: { readonly step: Step; readonly lookup: QueryLookup; readonly resolution: Resolution },
  ): Eventually<Resolved> {
    const { step, lookup, resolution } = said;
    const { asked } = step;
    step.subnet ||= lookup.usesSubnet;
    if (isInstead(resolution)) return asked.length === 1 ? resolution : contentOf(zone, step, true);
    const plain =
      zone === this.#base && name.key !== this.origin.key && !isMetaType(step.query.type);
    if (resolution === undefined) {
      if (!plain || step.subnet) return contentOf(zone, step);
      this.#missing ??= answerOnce(zone, step.query);
      return this.#missing;
    }
    const rrsets = toRRsets(name, resolution, this.#ttl);
    if (plain) {
      const answer = answerAlone(zone, rrsets, step.query.type);
      if (answer !== undefined)
        return step.subnet ? { ...answer, options: subnetOptions(step) } : answer;
    }
    const extended = zone.including(name, rrsets);
    const target = rrsets.find(({ type }) => type === Type.CNAME)?.records[0]?.target;
    if (target === undefined || !target.isSubdomainOf(this.origin))
      return contentOf(extended, step);
    // Whether the zone has the name says nothing: it has its origin, and what is above the names asked about.
    if (asked.length > MAX_CHAIN || asked.includes(target.key)) return contentOf(extended, step);
    return this.#extend(extended, target, step);
  }

  /** What tells questions apart that may have different answers. */
  #idOf(query: DnsQuery): string {
    const { key, type } = query;
    if (!this.#perClient) return `${type}/${key}`;
    const subnet = query.optionBearing ? subnetOf(query) : undefined;
    const whom = subnet === undefined ? '' : `${subnet.address}/${subnet.sourcePrefix}`;
    return `${clientKey(query.client)}/${query.tsigKey?.key ?? ''}/${whom}/${type}/${key}`;
  }
}

function reasonOf(error: unknown): ExtendedError {
  return error instanceof TimeoutError ? tooLate : failed;
}

function isInstead(resolution: Resolution): resolution is Answer | Pass {
  return (
    typeof resolution === 'object' &&
    resolution !== null &&
    'kind' in resolution &&
    (resolution.kind === 'answer' || resolution.kind === 'pass')
  );
}

/** The reply to an answer made for a subnet says so, or resolvers would give it to everybody (RFC 7871 §7.2.1). */
function subnetOptions({ query }: Step): readonly AnswerOption[] | undefined {
  const whom = subnetOf(query);
  return whom && [ednsCodecs.clientSubnet.encode({ ...whom, scopePrefix: whom.sourcePrefix })];
}

function contentOf(zone: Zone, step: Step, open = false): Content {
  const options = step.subnet ? subnetOptions(step) : undefined;
  return { kind: 'content', zone, open, options };
}

function clientKey(client: Address): string {
  if ('host' in client) return client.host;
  return client.kind === 'unix' ? client.path : client.name;
}
