// A zone that is not in memory: each question is answered from the few names it touches.
import type { Answer, ExtendedError, Outcome } from '../contract/answer.ts';
import type { Authority, Eventually } from '../contract/handler.ts';
import type { DnsQuery } from '../contract/query.ts';
import { usageError } from '../errors.ts';
import { answerOnce } from '../handlers/answer-zone.ts';
import { explainLookup, lookupFailure, tooManyLookups } from '../handlers/lookup-failure.ts';
import { ResolveCalls } from '../handlers/resolve-calls.ts';
import { SharedLookups } from '../handlers/shared-lookups.ts';
import { StaleAnswers, type StaleOptions } from '../handlers/stale-answers.ts';
import { Name } from '../name.ts';
import { Opcode } from '../numbers.ts';
import { type NewZoneOptions, newZone } from '../zone/new-zone.ts';
import { LookedUp } from './looked-up.ts';
import type { LookupSource } from './lookup-source.ts';

/** Options for {@link lookupZone}. SOA and NS are made of those of a new zone where the source has none. */
export interface LookupZoneOptions extends NewZoneOptions {
  /** Longest wait for one answer of the source; then SERVFAIL. @defaultValue 2000 */
  readonly timeoutMs?: number | undefined;
  /** Questions that are looked up at the same time; more are answered with SERVFAIL. @defaultValue 1000 */
  readonly maxConcurrent?: number | undefined;
  /**
   * Gives the last good answer, for 30 seconds and marked as stale (RFC 8767), where there would be SERVFAIL.
   * @defaultValue false
   */
  readonly serveStale?: boolean | StaleOptions | undefined;
}

/**
 * A zone whose names are looked up in `source` when they are asked for. Delegations, aliases, wildcards, empty non-terminals and
 * negative answers are as for a zone in memory. It cannot be transferred, signed or changed here.
 * @throws UsageError `HAWSER_DNS_NAME`, `HAWSER_DNS_RDATA`, `HAWSER_DNS_OPTIONS`
 *
 * @example
 * lookupZone('example.net', {
 *   find: (names) => rowsOf(names).then(toRRsets),
 *   below: (name) => hasRowsBelow(name),
 * });
 */
export function lookupZone(
  origin: string,
  source: LookupSource,
  options: LookupZoneOptions = {},
): Authority {
  return new LookupZone(Name.parse(origin), source, options);
}

class LookupZone implements Authority {
  readonly origin: Name;
  readonly #source: LookupSource;
  readonly #base: ReturnType<typeof newZone>;
  readonly #calls: ResolveCalls;
  readonly #lookups: SharedLookups<Answer>;
  readonly #stale: StaleAnswers | undefined;

  constructor(origin: Name, source: LookupSource, options: LookupZoneOptions) {
    const { timeoutMs = 2000, maxConcurrent = 1000, serveStale = false, ...fresh } = options;
    // Without `below` a wildcard would answer for names that exist without data.
    const knows = typeof source.find === 'function' && typeof source.below === 'function';
    if (!knows || !(timeoutMs > 0) || !(maxConcurrent > 0)) {
      const why = 'find and below must be functions, timeoutMs and maxConcurrent above 0';
      throw usageError('HAWSER_DNS_OPTIONS', `Cannot serve "${origin}" as ${why}`);
    }
    this.origin = origin;
    this.#source = source;
    this.#base = newZone(origin, fresh);
    this.#calls = new ResolveCalls({ timeoutMs, max: maxConcurrent });
    const reported = { what: origin.toString(), reporter: 'dns.lookup' };
    this.#lookups = new SharedLookups(this.#calls, { max: maxConcurrent, ...reported });
    if (serveStale) this.#stale = new StaleAnswers(serveStale === true ? {} : serveStale);
  }

  handle(query: DnsQuery): Eventually<Outcome> {
    // Updates and transfers are refused.
    if (query.opcode !== Opcode.Query) return answerOnce(this.#base, query);
    // The source is told who asks, and may tell one client another thing than the next.
    const id = `${clientOf(query)}/${query.dnssecOk ? 1 : 0}/${query.type}/${query.key}`;
    if (this.#lookups.isFull(id, query.reactor)) return this.#failed(id, query, tooManyLookups);
    return this.#finish(id, query, this.#lookups.join(id) ?? this.#start(id, query));
  }

  #start(id: string, query: DnsQuery): Promise<Answer> {
    const looking = this.#lookUp(query);
    this.#lookups.share(id, looking, query.reactor);
    return looking;
  }

  async #finish(id: string, query: DnsQuery, answering: PromiseLike<Answer>): Promise<Outcome> {
    let answer: Answer;
    try {
      answer = await answering;
    } catch (error) {
      return this.#failed(id, query, explainLookup(error));
    }
    this.#stale?.keep(id, answer, query.reactor.clock);
    return answer;
  }

  /** Asks for names until the answer needs no others. */
  async #lookUp(query: DnsQuery): Promise<Answer> {
    const abort = new AbortController();
    const context = { client: query.client, tsigKey: query.tsigKey, signal: abort.signal };
    const limits = {
      reactor: query.reactor,
      what: Name.fromOctets(query.key).toString(),
      abort: (reason: unknown) => abort.abort(reason),
    };
    const lookedUp = new LookedUp(this.#base);
    lookedUp.want(Name.fromOctets(query.key), 'answer');
    for (;;) {
      const names = lookedUp.wanted();
      if (names.length > 0)
        lookedUp.add(await this.#calls.run(() => this.#source.find(names, context), limits));
      for (const name of lookedUp.doubtful()) {
        const exists = await this.#calls.run(() => this.#source.below(name, context), limits);
        lookedUp.tell(name, exists);
      }
      const answer = answerOnce(lookedUp.zone(), query);
      if (!lookedUp.wantMore(answer)) return answer;
    }
  }

  #failed(id: string, query: DnsQuery, why: ExtendedError): Answer {
    return lookupFailure(why, this.#stale?.get(id, query.reactor.clock));
  }
}

function clientOf({ client, tsigKey }: DnsQuery): string {
  const whom = 'host' in client ? client.host : client.kind;
  return `${whom}/${tsigKey?.key ?? ''}`;
}
