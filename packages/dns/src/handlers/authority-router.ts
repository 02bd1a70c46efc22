// Which zone a query belongs to.
import type { Reactor } from '@hawser/core';
import type { Outcome } from '../contract/answer.ts';
import type { Authority, DnsHandlerObject, Eventually, Next } from '../contract/handler.ts';
import type { DnsQuery } from '../contract/query.ts';
import { usageError } from '../errors.ts';
import { isWithin, type Name } from '../name.ts';
import { Type } from '../numbers.ts';
import { startHandlers, stopHandlers } from './handler-lifecycle.ts';

/**
 * A handler that gives each query to the authority with the longest origin above its name, and what is in no zone to the
 * next handler. DS at an origin belongs to the parent, if it is among them (RFC 4035 §3.1.4.1).
 * @throws UsageError `HAWSER_DNS_OPTIONS` if two have the same origin, or there is none
 */
export function routeByOrigin(authorities: readonly Authority[]): DnsHandlerObject {
  return new AuthorityRouter(authorities);
}

class AuthorityRouter implements DnsHandlerObject {
  readonly #authorities: readonly Authority[];
  readonly #byOrigin: ReadonlyMap<string, Authority>;

  constructor(authorities: readonly Authority[]) {
    this.#authorities = authorities;
    this.#byOrigin = new Map(authorities.map((authority) => [authority.origin.key, authority]));
    if (authorities.length === 0 || this.#byOrigin.size !== authorities.length) {
      const twice = originGivenTwice(authorities);
      const origin = twice === undefined ? 'none given' : `"${twice}"`;
      throw usageError(
        'HAWSER_DNS_OPTIONS',
        `Cannot serve zones as each needs its own origin: ${origin}`,
      );
    }
  }

  handle(query: DnsQuery, next: Next): Eventually<Outcome> {
    const authority = this.#find(query.key, query.type);
    return authority === undefined ? next(query) : authority.handle(query, next);
  }

  forwardUnchanged(query: DnsQuery): Promise<Outcome | Buffer> | undefined {
    return this.#find(query.key, query.type)?.forwardUnchanged?.(query);
  }

  started(reactor: Reactor): Promise<void> {
    return startHandlers(this.#authorities, reactor);
  }

  stopped(): Promise<void> {
    return stopHandlers(this.#authorities);
  }

  #find(key: string, type: number): Authority | undefined {
    if (type === Type.DS && key.length > 1) {
      const parent = this.#closest(key, 1 + key.charCodeAt(0));
      if (parent !== undefined) return parent;
    }
    return this.#closest(key, 0);
  }

  #closest(key: string, from: number): Authority | undefined {
    const [only] = this.#authorities;
    if (only !== undefined && this.#authorities.length === 1)
      return isWithin(key, only.origin.key, from) ? only : undefined;
    for (let at = from; at < key.length; at += 1 + key.charCodeAt(at)) {
      const authority = this.#byOrigin.get(at === 0 ? key : key.slice(at));
      if (authority !== undefined) return authority;
    }
    return undefined;
  }
}

function originGivenTwice(authorities: readonly Authority[]): Name | undefined {
  const seen = new Set<string>();
  for (const { origin } of authorities) {
    if (seen.has(origin.key)) return origin;
    seen.add(origin.key);
  }
  return undefined;
}
