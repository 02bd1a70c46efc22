// A zone whose names come from a function: a database, an API, a computation.
import type { Address } from '@hawser/core';
import { type Answer, answerWith, type ExtendedError, type Outcome } from '../contract/answer.ts';
import type { Authority, Eventually, Next } from '../contract/handler.ts';
import type { DnsQuery } from '../contract/query.ts';
import { usageError } from '../errors.ts';
import { EdnsOption } from '../message/edns.ts';
import { ednsCodecs } from '../message/edns-option.ts';
import { Name } from '../name.ts';
import { Opcode, Rcode, Type } from '../numbers.ts';
import { CHANGING_TTL } from '../zone/default-ttl.ts';
import { type NewZoneOptions, newZone } from '../zone/new-zone.ts';
import { isTtl } from '../zone/rrset.ts';
import type { Zone } from '../zone/zone.ts';
import { answerOnce, answerZone } from './answer-zone.ts';
import { type Content, FunctionAsker, type Resolution, type Resolved } from './function-asker.ts';
import { type Lookup, subnetOf } from './lookup.ts';
import { explainLookup, lookupFailure, tooManyLookups } from './lookup-failure.ts';
import { isPromise, ResolveCalls } from './resolve-calls.ts';
import { SharedLookups } from './shared-lookups.ts';
import { StaleAnswers, type StaleOptions } from './stale-answers.ts';

/** Options for {@link dynamic}. */
export interface DynamicOptions extends NewZoneOptions {
  /**
   * Says what a name holds. A throw or a rejection is reported and answered with SERVFAIL. For a name that only an alias led
   * to, an answer or {@link pass} ends the chain: the client asks for the rest itself.
   */
  resolve(lookup: Lookup): Eventually<Resolution>;
  /** TTL of records without one, in seconds. @defaultValue 60 */
  readonly ttl?: number | undefined;
  /**
   * Longest wait for one call of `resolve`, in milliseconds; then SERVFAIL. A call that does not end then counts as running
   * for another minute.
   * @defaultValue 2000
   */
  readonly timeoutMs?: number | undefined;
  /** Calls of `resolve` at the same time; more are answered with SERVFAIL. @defaultValue 1000 */
  readonly maxConcurrent?: number | undefined;
  /**
   * False lets all clients share the answer to the same question while it is awaited. Otherwise only one client does, asking
   * over the same transport, with the same key and for the same subnet.
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

class FunctionZone implements Authority {
  readonly origin: Name;
  readonly #base: Zone;
  readonly #asker: FunctionAsker;
  readonly #perClient: boolean;
  readonly #lookups: SharedLookups<Resolved>;
  readonly #stale: StaleAnswers | undefined;

  constructor(origin: Name, options: DynamicOptions) {
    const {
      ttl = CHANGING_TTL,
      timeoutMs = 2000,
      maxConcurrent = 1000,
      perClient = true,
      ...rest
    } = options;
    const { serveStale = false } = rest;
    const limited = isTtl(ttl) && timeoutMs > 0 && maxConcurrent > 0;
    if (typeof options.resolve !== 'function' || !limited) {
      const why = 'resolve must be a function, ttl a TTL, timeoutMs and maxConcurrent above 0';
      throw usageError('HAWSER_DNS_OPTIONS', `Cannot serve "${origin}" as ${why}`);
    }
    this.origin = origin;
    this.#base = newZone(origin, rest);
    this.#perClient = perClient;
    const calls = new ResolveCalls({ timeoutMs, max: maxConcurrent });
    const resolve = (lookup: Lookup): Eventually<Resolution> => options.resolve(lookup);
    this.#asker = new FunctionAsker({ base: this.#base, resolve, ttl, calls });
    const reported = { what: origin.toString(), reporter: 'dns.resolve' };
    this.#lookups = new SharedLookups(calls, { max: maxConcurrent, ...reported });
    if (serveStale) this.#stale = new StaleAnswers(serveStale === true ? {} : serveStale);
  }

  handle(query: DnsQuery, next: Next): Eventually<Outcome> {
    // Updates and transfers are not for a function.
    if (query.opcode !== Opcode.Query) return answerOnce(this.#base, query);
    const { key, type } = query;
    if (key === this.origin.key && (type === Type.SOA || type === Type.NS))
      return answerZone(this.#base, query);
    // Text that most answers made at once need not have.
    const alone = this.#lookups.idle && this.#stale === undefined;
    const id = alone ? undefined : this.#idOf(query);
    if (this.#lookups.isFull(id, query.reactor)) return this.#failed(id, query, tooManyLookups);
    try {
      const resolved = this.#find(id, query);
      if (!isPromise(resolved)) return this.#answer(id, query, { resolved, next });
      return this.#later(id, query, { resolved, next });
    } catch (error) {
      query.reactor.reports.problem('dns.resolve', error);
      return this.#failed(id, query, explainLookup(error));
    }
  }

  #find(id: string | undefined, query: DnsQuery): Eventually<Resolved> {
    const coming = id === undefined ? undefined : this.#lookups.join(id);
    if (coming !== undefined) return coming;
    const resolved = this.#asker.ask(query);
    if (isPromise(resolved)) this.#lookups.share(id ?? this.#idOf(query), resolved, query.reactor);
    return resolved;
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
      return this.#failed(id, query, explainLookup(error));
    }
    return this.#answer(id, query, { resolved: made, next });
  }

  #answer(
    id: string | undefined,
    query: DnsQuery,
    { resolved, next }: { resolved: Resolved; next: Next },
  ): Eventually<Outcome> {
    const { said, subnet } = resolved;
    if (said.kind === 'pass') return next(query);
    const made = said.kind === 'answer' ? said : this.#answerFrom(said, query);
    const answer = subnet ? forSubnet(made, query) : made;
    if (id !== undefined) this.#stale?.keep(id, answer, query.reactor.clock);
    return answer;
  }

  #answerFrom({ zone, open }: Content, query: DnsQuery): Answer {
    if (zone === this.#base) return answerZone(zone, query);
    const made = answerOnce(zone, query);
    const { authoritative, answer } = made;
    return open ? answerWith(Rcode.NoError, { authoritative, answer }) : made;
  }

  #failed(id: string | undefined, query: DnsQuery, why: ExtendedError): Answer {
    const stale = id === undefined ? undefined : this.#stale?.get(id, query.reactor.clock);
    return lookupFailure(why, stale);
  }

  /** What tells questions apart that may have different answers. */
  #idOf(query: DnsQuery): string {
    const { key, type } = query;
    if (!this.#perClient) return `${type}/${key}`;
    const subnet = query.optionBearing ? subnetOf(query) : undefined;
    const whom = subnet === undefined ? '' : `${subnet.address}/${subnet.sourcePrefix}`;
    const { client, tsigKey, transport } = query;
    return `${transport}/${clientKey(client)}/${tsigKey?.key ?? ''}/${whom}/${type}/${key}`;
  }
}

/** The reply to an answer made for a subnet says so, or resolvers would give it to everybody (RFC 7871 §7.2.1). */
function forSubnet(answer: Answer, query: DnsQuery): Answer {
  const whom = subnetOf(query);
  const options = answer.options ?? [];
  if (whom === undefined || options.some(({ code }) => code === EdnsOption.ClientSubnet))
    return answer;
  const said = ednsCodecs.clientSubnet.encode({ ...whom, scopePrefix: whom.sourcePrefix });
  return { ...answer, options: [...options, said], shared: undefined };
}

function clientKey(client: Address): string {
  if ('host' in client) return client.host;
  return client.kind === 'unix' ? client.path : client.name;
}
