// Who may use the record API, and for what.
import { usageError } from '../../errors.ts';
import { Name } from '../../name.ts';
import { parseType } from '../../numbers.ts';
import { digestOf, tokenDigest } from '../http/token.ts';
import { type NameMatcher, namePattern } from '../message/name-pattern.ts';
import { rulingTypes } from '../message/update-policy.ts';

/** A token and what it is good for. */
export interface ApiToken {
  /** For people, in logs. */
  readonly name: string;
  /** The secret itself, or `sha256:` and the hex digest that `hashToken` gives, so that it need not be kept. */
  readonly token: string;
  /** @defaultValue `"write"`, which includes reading */
  readonly access?: 'read' | 'write' | undefined;
  /** Origins of the zones. @defaultValue all of the API */
  readonly zones?: readonly string[] | undefined;
  /** Patterns of names as in an update policy: `"*.lab.example.net"`, `"_acme-challenge.*"`. @defaultValue every name */
  readonly names?: readonly string[] | undefined;
  /**
   * `["*"]` is all. @defaultValue all; where `names` says which, all but what delegates, rules or signs, as it decides over other
   * names: SOA, NS, DS, DNAME, DNSKEY, CDS, CDNSKEY, CSYNC, ZONEMD, NSEC3PARAM
   */
  readonly types?: readonly string[] | undefined;
}

/** A token that was checked. */
export interface KnownApiToken {
  readonly name: string;
  readonly writes: boolean;
  mayUseZone(origin: Name): boolean;
  mayUse(name: Name, type: number): boolean;
}

/** Finds the token that a request proves to have. */
export type FindToken = (token: string) => KnownApiToken | undefined;

/** @throws UsageError `HAWSER_DNS_OPTIONS`, `HAWSER_DNS_NAME`, `HAWSER_DNS_NUMBER` for a token that cannot be meant so */
export function checkTokens(tokens: readonly ApiToken[]): FindToken {
  const known = new Map<string, KnownApiToken>();
  for (const each of tokens) {
    const digest = tokenDigest(each.token, `API token "${each.name}"`).toString('hex');
    if (known.has(digest)) {
      throw usageError(
        'HAWSER_DNS_OPTIONS',
        `Cannot use API token "${each.name}" as another one is the same`,
      );
    }
    known.set(digest, knownToken(each));
  }
  if (known.size === 0)
    throw usageError('HAWSER_DNS_OPTIONS', 'Cannot offer the record API as there is no token');
  // Looked up by its digest: how far that agrees with another one says nothing about the token.
  return (token) => known.get(digestOf(token).toString('hex'));
}

function knownToken({ name, access = 'write', zones, names, types }: ApiToken): KnownApiToken {
  if (access !== 'read' && access !== 'write') {
    throw usageError(
      'HAWSER_DNS_OPTIONS',
      `Cannot use API token "${name}" as access must be "read" or "write": "${String(access)}"`,
    );
  }
  const origins = zones && new Set(zones.map((zone) => Name.parse(zone).key));
  const ofName = matcherOf(names);
  const ofType = typeMatcher(names, types);
  return {
    name,
    writes: access === 'write',
    mayUseZone: (origin) => origins === undefined || origins.has(origin.key),
    mayUse: (owner, type) => ofName(owner, undefined) && ofType(type),
  };
}

function typeMatcher(
  names: readonly string[] | undefined,
  types: readonly string[] | undefined,
): (type: number) => boolean {
  if (types === undefined && names !== undefined) return (type) => !rulingTypes.has(type);
  if (types === undefined || types.includes('*')) return () => true;
  const known = new Set(types.map((type) => parseType(type)));
  return (type) => known.has(type);
}

function matcherOf(names: readonly string[] | undefined): NameMatcher {
  if (names === undefined) return () => true;
  const matchers = names.map((pattern) => namePattern(pattern));
  return (name, self) => matchers.some((matcher) => matcher(name, self));
}
