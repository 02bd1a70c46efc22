// Who answers for which names.
import type { Address, Has } from '@hawser/core';
import { usageError } from '../errors.ts';
import type { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import type { Zone } from '../zone/zone.ts';

/** A question as an {@link Authority} sees it. */
export interface AuthorityQuery {
  /** {@link Name.key} of the name asked for. */
  readonly key: string;
  readonly type: number;
  readonly client: Address;
}

/** Answers for every name at or below `origin`: a {@link Zone}, a zone that changes, or a function. */
export interface Authority {
  readonly origin: Name;
  /** True if zones are made for one answer each, so that keeping replies is in vain. */
  readonly transient?: boolean | undefined;
  /**
   * The zone to answer `query` from. The same object means the same content, so that replies may be cached by it. A throw
   * or a rejection is reported and answered with SERVFAIL; `undefined` is SERVFAIL without a report.
   */
  zoneFor(query: AuthorityQuery): Zone | undefined | PromiseLike<Zone | undefined>;
  /** A server that answers from it has started. */
  attached?(reactor: Has<'clock' | 'reports'>): void;
}

/** Authorities by origin. */
export class AuthorityMap {
  readonly #byOrigin: ReadonlyMap<string, Authority>;

  /** @throws UsageError `HAWSER_DNS_OPTIONS` if two have the same origin, or there is none */
  constructor(authorities: readonly Authority[]) {
    this.#byOrigin = new Map(authorities.map((authority) => [authority.origin.key, authority]));
    if (authorities.length === 0 || this.#byOrigin.size !== authorities.length) {
      const origins = authorities.map((authority) => `"${authority.origin}"`).join(', ');
      throw usageError(
        'HAWSER_DNS_OPTIONS',
        `Cannot serve zones as each needs its own origin: ${origins || 'none given'}`,
      );
    }
  }

  /**
   * The authority with the longest origin above the name. DS at an origin belongs to the parent, if we serve it
   * (RFC 4035 §3.1.4.1).
   */
  find(key: string, type: number): Authority | undefined {
    if (type === Type.DS && key.length > 1) {
      const parent = this.#find(key, 1 + key.charCodeAt(0));
      if (parent !== undefined) return parent;
    }
    return this.#find(key, 0);
  }

  /** The authority whose origin this is. */
  get(key: string): Authority | undefined {
    return this.#byOrigin.get(key);
  }

  #find(key: string, from: number): Authority | undefined {
    for (let at = from; at < key.length; at += 1 + key.charCodeAt(at)) {
      const authority = this.#byOrigin.get(at === 0 ? key : key.slice(at));
      if (authority !== undefined) return authority;
    }
    return undefined;
  }
}
