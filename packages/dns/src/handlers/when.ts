import type { Reactor } from '@hawser/core';
import type { Outcome } from '../contract/answer.ts';
import type { DnsHandlerObject, Eventually, Next } from '../contract/handler.ts';
import type { DnsQuery } from '../contract/query.ts';
import type { Served } from '../server/to-handlers.ts';
import { Nest } from './nest.ts';

/**
 * Lets `served` answer the queries that `test` is true for; the others go to the next handler, as does what `served`
 * passes on. A throw of `test` is reported and answered with SERVFAIL.
 * @throws UsageError `HAWSER_DNS_OPTIONS` for zones that share an origin, or nothing to serve
 *
 * @example
 * [when((query) => query.transport !== 'udp', transfers), zone];
 */
export function when(test: (query: DnsQuery) => boolean, served: Served): DnsHandlerObject {
  return new Condition(test, new Nest(served));
}

class Condition implements DnsHandlerObject {
  readonly #test: (query: DnsQuery) => boolean;
  readonly #chain: Nest;

  constructor(test: (query: DnsQuery) => boolean, chain: Nest) {
    this.#test = test;
    this.#chain = chain;
  }

  handle(query: DnsQuery, next: Next): Eventually<Outcome> {
    return this.#test(query) ? this.#chain.handle(query, next) : next(query);
  }

  forwardUnchanged(query: DnsQuery): Promise<Outcome | Buffer> | undefined {
    return this.#test(query) ? this.#chain.forwardUnchanged(query) : undefined;
  }

  started(reactor: Reactor): Promise<void> {
    return this.#chain.started(reactor);
  }

  stopped(): Promise<void> {
    return this.#chain.stopped();
  }
}
