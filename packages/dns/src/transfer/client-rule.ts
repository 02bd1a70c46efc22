// Who may have something of a zone. Nobody, unless a rule says so.
import { addressSet } from '../address-set.ts';
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
  /**
   * Only with a TLS certificate for one of these names, by an authority of the server (RFC 9103 §9.3.3): its TLS options
   * need `clientCertificates` and `ca`.
   */
  readonly certificate?: string | readonly string[] | undefined;
  /**
   * Only with a TLS certificate of one of these public keys, whoever has made it: pins, SHA-256 in base64 (RFC 7858 §4.2). The
   * TLS options need `clientCertificates: 'request'`.
   */
  readonly keyPin?: string | readonly string[] | undefined;
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

function toTest(rule: ClientRule): (query: DnsQuery) => boolean {
  const { from, key, tls } = rule;
  const certificate = listOf('certificate', rule.certificate, /^[\w-]+(?:\.[\w-]+)*$/);
  const keyPin = listOf('keyPin', rule.keyPin, /^[\w+/]{43}=$/);
  const named = [from, key, certificate, keyPin].some((each) => each !== undefined);
  if (!named && !tls) {
    throw usageError(
      'HAWSER_DNS_OPTIONS',
      'Cannot use a rule for clients as it has none of from, key, tls, certificate and keyPin',
    );
  }
  const entries = typeof from === 'string' ? [from] : from;
  const networks = entries && addressSet(entries, 'a rule for clients');
  const keyName = key === undefined ? undefined : nameOfKey(key);
  return ({ client, tsigKey, transport, clientCertificate: shown }) =>
    (networks === undefined || networks.has(client)) &&
    (keyName === undefined || tsigKey?.equals(keyName) === true) &&
    (!tls || transport === 'tls') &&
    (certificate === undefined || certificate.some((name) => shown?.isGoodFor(name))) &&
    (keyPin === undefined || keyPin.some((pin) => shown?.keyPin === pin));
}

/** A value or several. One that cannot be right would keep somebody out, who then wonders why. */
function listOf(
  what: string,
  given: string | readonly string[] | undefined,
  form: RegExp,
): readonly string[] | undefined {
  if (given === undefined) return undefined;
  const list = typeof given === 'string' ? [given] : [...given];
  const wrong = list.find((each) => !form.test(each));
  if (wrong === undefined && list.length > 0) return list;
  throw usageError(
    'HAWSER_DNS_OPTIONS',
    `Cannot use a rule for clients as this is no ${what}: "${wrong ?? ''}"`,
  );
}

function nameOfKey(key: NonNullable<ClientRule['key']>): Name {
  if (typeof key === 'string') return Name.parse(key);
  return key instanceof Name ? key : key.name;
}
