// A zone that is not in memory: each question is answered from the few names it touches.
import { TimeoutError } from '@hawser/core';
import { type Answer, answerWith, type ExtendedError, type Outcome } from '../contract/answer.ts';
import type { Authority, Eventually } from '../contract/handler.ts';
import type { DnsQuery } from '../contract/query.ts';
import { usageError } from '../errors.ts';
import { answerOnce } from '../handlers/answer-zone.ts';
import { ResolveCalls } from '../handlers/resolve-calls.ts';
import { StaleAnswers, type StaleOptions } from '../handlers/stale-answers.ts';
import { Name } from '../name.ts';
import { Opcode, Rcode } from '../numbers.ts';
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

/** Queries that may share one lookup, on average of all that are allowed. */
const SHARED_PER_LOOKUP = 10;
/** Extended errors (RFC 8914 §4.1, §4.24). */
const failed: ExtendedError = { code: 0, text: 'lookup failed' };
const tooMany: ExtendedError = { code: 0, text: 'too many lookups' };
const tooLate: ExtendedError = { code: 23, text: 'lookup timed out' };

class LookupZone implements Authority {
  readonly origin: Name;
  readonly #source: LookupSource;
  readonly #base: ReturnType<typeof newZone>;
  readonly #calls: ResolveCalls;
  readonly #maxConcurrent: number;
  readonly #stale: StaleAnswers | undefined;
  readonly #running = new Map<string, Promise<Answer>>();
  /** Queries that wait for a lookup: what they hold is memory of ours. */
  #awaited = 0;

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
    this.#maxConcurrent = maxConcurrent;
    if (serveStale) this.#stale = new StaleAnswers(serveStale === true ? {} : serveStale);
  }

  handle(query: DnsQuery): Eventually<Outcome> {
    // Updates and transfers are refused.
    if (query.opcode !== Opcode.Query) return answerOnce(this.#base, query);
    // The source is told who asks, and may tell one client another thing than the next.
    const id = `${clientOf(query)}/${query.dnssecOk ? 1 : 0}/${query.type}/${query.key}`;
    const running = this.#running.get(id);
    const full =
      running === undefined
        ? Math.max(this.#running.size, this.#calls.running)
        : this.#awaited / SHARED_PER_LOOKUP;
    if (full >= this.#maxConcurrent) {
      this.#calls.overload({ reactor: query.reactor, what: this.origin.toString() });
      return this.#failed(id, query, tooMany);
    }
    const answering = running ?? this.#start(id, query);
    this.#awaited++;
    return this.#finish(id, query, answering);
  }

  #start(id: string, query: DnsQuery): Promise<Answer> {
    const looking = this.#lookUp(query);
    this.#running.set(id, looking);
    const done = (): void => void this.#running.delete(id);
    looking.then(done, (error: unknown) => {
      done();
      // Once, however many wait.
      query.reactor.reports.problem('dns.lookup', error);
    });
    return looking;
  }

  async #finish(id: string, query: DnsQuery, answering: Promise<Answer>): Promise<Outcome> {
    try {
      const answer = await answering;
      this.#stale?.keep(id, answer, query.reactor.clock);
      return answer;
    } catch (error) {
      return this.#failed(id, query, error instanceof TimeoutError ? tooLate : failed);
    } finally {
      this.#awaited--;
    }
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
    const stale = this.#stale?.get(id, query.reactor.clock);
    if (stale !== undefined) return { ...stale, errors: [...(stale.errors ?? []), why] };
    return answerWith(Rcode.ServFail, { errors: [why] });
  }
}

function clientOf({ client, tsigKey }: DnsQuery): string {
  const whom = 'host' in client ? client.host : client.kind;
  return `${whom}/${tsigKey?.key ?? ''}`;
}
