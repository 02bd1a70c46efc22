// Who may have something of a zone. Nobody, unless a rule says so.
import { AddressSet } from '@hawser/core';
import type { DnsQuery } from '../contract/query.ts';
import { usageError } from '../errors.ts';
import { Name } from '../name.ts';
import type { TsigKey } from '../tsig/key.ts';

/** A rule that a client satisfies if everything it says is so. One that says nothing lets nobody in. */
export interface ClientRule {
  /** Networks or addresses: `"192.0.2.53"`, `"2001:db8::/32"`. */
  readonly from?: string | readonly string[] | undefined;
  /** The key that the query must be signed with, or its name (RFC 8945). */
  readonly key?: string | Name | Pick<TsigKey, 'name'> | undefined;
  /** True: only within TLS (RFC 9103). */
  readonly tls?: boolean | undefined;
}

/** A rule, or the network or address of one that says nothing else. */
export type ClientRuleLike = string | ClientRule;

/**
 * Tells whether any of `rules` lets a query through.
 * @throws UsageError `HAWSER_DNS_OPTIONS` for a bad network or an empty rule, `HAWSER_DNS_NAME` for a bad key name
 */
export function clientRules(rules: readonly ClientRuleLike[]): (query: DnsQuery) => boolean {
  const tests = rules.map((rule) => toTest(typeof rule === 'string' ? { from: rule } : rule));
  return (query) => tests.some((test) => test(query));
}

function toTest({ from, key, tls }: ClientRule): (query: DnsQuery) => boolean {
  if (from === undefined && key === undefined && !tls) {
    throw usageError(
      'HAWSER_DNS_OPTIONS',
      'Cannot use a rule for clients as it has neither from, key nor tls',
    );
  }
  const networks = from === undefined ? undefined : addressSet(from);
  const keyName = key === undefined ? undefined : nameOfKey(key);
  return ({ client, tsigKey, transport }) =>
    (networks === undefined || networks.has(client)) &&
    (keyName === undefined || tsigKey?.equals(keyName) === true) &&
    (!tls || transport === 'tls');
}

function nameOfKey(key: NonNullable<ClientRule['key']>): Name {
  if (typeof key === 'string') return Name.parse(key);
  return key instanceof Name ? key : key.name;
}

function addressSet(from: string | readonly string[]): AddressSet {
  try {
    return new AddressSet(typeof from === 'string' ? [from] : from);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw usageError('HAWSER_DNS_OPTIONS', why, { cause: error });
  }
}
