// Different answers for different clients.
import { AddressSet, type Reactor } from '@hawser/core';
import type { Outcome } from '../contract/answer.ts';
import type { DnsHandlerObject, Eventually, Next } from '../contract/handler.ts';
import type { DnsQuery } from '../contract/query.ts';
import { usageError } from '../errors.ts';
import type { Served } from '../server/to-handlers.ts';
import { startHandlers, stopHandlers } from './handler-lifecycle.ts';
import { Nest } from './nest.ts';

/** Who is answered by whom. */
export interface SplitRule {
  /**
   * Networks and single addresses: `'10.0.0.0/8'`, `'2001:db8::/32'`, `'192.0.2.7'`, or `'unix'` and `'memory'` for clients
   * without an address. IPv4 entries also hold for IPv4-mapped IPv6 addresses. An `AddressSet` may change while it is in use.
   */
  readonly clients: AddressSet | readonly string[];
  /** Zones and handlers for them. What these pass on goes to the handler behind the split, not to another rule. */
  readonly serve: Served;
}

/**
 * Chooses by the address of the client: the first rule that lists it counts, so narrow networks go before wide ones. Who is in
 * none is left to the next handler. The address is that of whoever sent the query, or whom a load balancer names; what a
 * resolver claims about its clients (RFC 7871) is not looked at.
 * @throws UsageError `HAWSER_DNS_OPTIONS` for no rule, or a bad `serve`; RangeError for a bad network
 *
 * @example
 * dnsService(':53', [
 *   split([{ clients: ['10.0.0.0/8', 'fd00::/8'], serve: [internal, forward({ servers: ['192.0.2.53'] })] }]),
 *   external,
 * ]);
 */
export function split(rules: readonly SplitRule[]): DnsHandlerObject {
  return new ClientSplit(rules);
}

class ClientSplit implements DnsHandlerObject {
  readonly #rules: readonly { readonly clients: AddressSet; readonly chain: Nest }[];

  constructor(rules: readonly SplitRule[]) {
    if (rules.length === 0)
      throw usageError('HAWSER_DNS_OPTIONS', 'Cannot split clients as there is no rule');
    this.#rules = rules.map(({ clients, serve }) => ({
      clients: clients instanceof AddressSet ? clients : new AddressSet(clients),
      chain: new Nest(serve),
    }));
  }

  handle(query: DnsQuery, next: Next): Eventually<Outcome> {
    const chain = this.#chainFor(query);
    return chain === undefined ? next(query) : chain.handle(query, next);
  }

  forwardUnchanged(query: DnsQuery): Promise<Outcome | Buffer> | undefined {
    return this.#chainFor(query)?.forwardUnchanged(query);
  }

  started(reactor: Reactor): Promise<void> {
    return startHandlers(this.#chains, reactor);
  }

  stopped(): Promise<void> {
    return stopHandlers(this.#chains);
  }

  #chainFor({ client }: DnsQuery): Nest | undefined {
    return this.#rules.find(({ clients }) => clients.has(client))?.chain;
  }

  get #chains(): Nest[] {
    return this.#rules.map(({ chain }) => chain);
  }
}
