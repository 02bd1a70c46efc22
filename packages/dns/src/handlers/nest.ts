import type { Reactor } from '@hawser/core';
import type { Outcome } from '../contract/answer.ts';
import {
  compose,
  type DnsHandler,
  type DnsHandlerObject,
  type Eventually,
  type Next,
} from '../contract/handler.ts';
import type { DnsQuery } from '../contract/query.ts';
import { type Served, toHandlers } from '../server/to-handlers.ts';
import type { Zone } from '../zone/zone.ts';
import { forwardUnchanged } from './forward-unchanged.ts';
import { startHandlers, stopHandlers } from './handler-lifecycle.ts';

/** Zones and handlers as one handler, first = outermost. What all of them pass on goes to the next one behind. */
export class Nest implements DnsHandlerObject {
  readonly #handlers: readonly DnsHandler[];
  /** Composed for the handler behind, which is mostly the same each time. */
  #composed: { readonly before: Next; readonly first: Next } | undefined;

  /** @throws UsageError `HAWSER_DNS_OPTIONS` for zones that share an origin, or nothing to serve */
  constructor(served: Served) {
    this.#handlers = toHandlers(served);
  }

  handle(query: DnsQuery, next: Next): Eventually<Outcome> {
    if (this.#composed?.before !== next)
      this.#composed = { before: next, first: compose(this.#handlers, next) };
    return this.#composed.first(query);
  }

  forwardUnchanged(query: DnsQuery): Promise<Outcome | Buffer> | undefined {
    return forwardUnchanged(this.#handlers, query);
  }

  started(reactor: Reactor): Promise<void> {
    return startHandlers(this.#handlers, reactor);
  }

  stopped(): Promise<void> {
    return stopHandlers(this.#handlers);
  }
}

/**
 * Several zones and handlers as one handler, for where only one can be given.
 * @throws UsageError `HAWSER_DNS_OPTIONS` for zones that share an origin, or nothing to serve
 *
 * @example
 * when((query) => query.recursionDesired, nest(cache(), forward({ servers: ['192.0.2.53'] })));
 */
export function nest(...served: readonly (Zone | DnsHandler)[]): DnsHandlerObject {
  return new Nest(served);
}
