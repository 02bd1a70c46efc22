// Who may change what by UPDATE. Denied unless a rule allows it, and no rule or function says otherwise.
import { usageError } from '../../errors.ts';
import { Name } from '../../name.ts';
import { formatType, parseType, Type } from '../../numbers.ts';
import { MAX_RECORDS, MAX_TTL } from '../../zone/rrset.ts';
import { type NameMatcher, namePattern } from './name-pattern.ts';
import type { UpdateCheck, UpdateOperation, UpdatePolicy, UpdateRule } from './update-rule.ts';

/** What a policy has to know of a change to decide by its rules. `type` is ANY where a whole name is deleted. */
interface RuleSubject {
  readonly operation: UpdateOperation;
  readonly name: Name;
  readonly type: number;
  readonly ttl: number;
}

/** A policy whose rules were understood. */
export interface KnownPolicy {
  readonly checks: readonly UpdateCheck[];
  /** Of names in all rules: a change may be compared with each. */
  readonly patterns: number;
  /** False if no rule could ever allow anything to whoever has this key: then nothing else has to be looked at. */
  admits(key: Name | undefined): boolean;
  /** How many records the RRset may have after the change; undefined if it is not allowed. */
  allowance(subject: RuleSubject, key: Name | undefined): number | undefined;
}

/** What nobody may change without being told that they may: it decides over other names, or over the trust in them. */
export const rulingTypes: ReadonlySet<number> = new Set([
  Type.SOA,
  Type.NS,
  Type.DS,
  Type.DNAME,
  Type.DNSKEY,
  Type.CDS,
  Type.CDNSKEY,
  Type.CSYNC,
  Type.ZONEMD,
  Type.NSEC3PARAM,
]);

interface KnownRule {
  readonly deny: boolean;
  readonly maxRecords: number;
  readonly patterns: number;
  appliesTo(key: Name | undefined): boolean;
  matches(subject: RuleSubject, key: Name | undefined): boolean;
}

/** @throws UsageError `HAWSER_DNS_OPTIONS`, `HAWSER_DNS_NAME`, `HAWSER_DNS_NUMBER` that says which rule is wrong and why */
export function checkPolicy(policy: UpdatePolicy): KnownPolicy {
  if (!Array.isArray(policy) || policy.length === 0) {
    throw usageError(
      'HAWSER_DNS_OPTIONS',
      'Cannot take updates as policy has no rule: a list of rules is needed',
    );
  }
  const checks: UpdateCheck[] = [];
  const rules: KnownRule[] = [];
  for (const [index, each] of policy.entries()) {
    if (typeof each === 'function') checks.push(each);
    else rules.push(knownRule(each, `rule ${index + 1} of policy`));
  }
  const allowing = rules.filter(({ deny }) => !deny);
  const denying = rules.filter(({ deny }) => deny);
  if (allowing.length === 0 && checks.length === 0) {
    throw usageError('HAWSER_DNS_OPTIONS', 'Cannot use policy as no rule allows anything');
  }
  return {
    checks,
    patterns: rules.reduce((sum, { patterns }) => sum + patterns, 0),
    admits: (key) => allowing.length === 0 || allowing.some((rule) => rule.appliesTo(key)),
    allowance(subject, key) {
      if (denying.some((rule) => rule.matches(subject, key))) return undefined;
      if (allowing.length === 0) return MAX_RECORDS;
      let most: number | undefined;
      for (const rule of allowing) {
        if (rule.maxRecords > (most ?? -1) && rule.matches(subject, key)) most = rule.maxRecords;
      }
      return most;
    },
  };
}

const ruleMembers = new Set([
  'key',
  'unsigned',
  'names',
  'types',
  'action',
  'operations',
  'maxRecords',
  'ttl',
]);

function knownRule(rule: UpdateRule, which: string): KnownRule {
  const wrong = (why: string): Error =>
    usageError('HAWSER_DNS_OPTIONS', `Cannot use ${which} as ${why}`);
  if (typeof rule !== 'object' || rule === null)
    throw wrong('it is neither an object nor a function');
  const stranger = Object.keys(rule).find((member) => !ruleMembers.has(member));
  // A misspelt condition must not become a rule without it.
  if (stranger !== undefined) throw wrong(`"${stranger}" is not a part of a rule`);
  const { action = 'allow', unsigned = false, operations = ['add', 'delete'], ttl } = rule;
  const keys = listOf(rule.key);
  if (keys.length === 0 && !unsigned) throw wrong('it has neither key nor unsigned: true');
  if (action !== 'allow' && action !== 'deny')
    throw wrong(`action must be "allow" or "deny": "${String(action)}"`);
  const deny = action === 'deny';
  if (deny && (ttl !== undefined || rule.maxRecords !== undefined)) {
    throw wrong('maxRecords and ttl are only for rules that allow');
  }
  const bad = operations.find((each) => each !== 'add' && each !== 'delete');
  if (operations.length === 0 || bad !== undefined) {
    throw wrong(`operations must be "add" or "delete": "${String(bad ?? '')}"`);
  }
  const { maxRecords = MAX_RECORDS } = rule;
  if (!Number.isInteger(maxRecords) || maxRecords < 1)
    throw wrong(`maxRecords must be 1 or more: ${maxRecords}`);
  const { min = 0, max = MAX_TTL } = ttl ?? {};
  if (!isTtl(min) || !isTtl(max) || min > max)
    throw wrong(`ttl must be 0 to ${MAX_TTL}, min up to max: ${min}, ${max}`);
  const ofKey = explained(which, () => keyMatcher(keys));
  const ofName = anyOf(
    listOf(rule.names).map((pattern) => explained(which, () => namePattern(pattern))),
  );
  if (listOf(rule.names).length === 0) throw wrong('it has no names');
  const ofType = typeMatcher(rule.types, deny, which);
  const appliesTo = (key: Name | undefined): boolean => (key === undefined ? unsigned : ofKey(key));
  return {
    deny,
    maxRecords,
    patterns: listOf(rule.names).length,
    appliesTo,
    matches: (subject, key) =>
      appliesTo(key) &&
      operations.includes(subject.operation) &&
      ofType(subject.type) &&
      (subject.operation === 'delete' || (subject.ttl >= min && subject.ttl <= max)) &&
      ofName(subject.name, key),
  };
}

function keyMatcher(keys: readonly string[]): (key: Name) => boolean {
  const known = new Set(keys.filter((key) => key !== '*').map((key) => Name.parse(key).key));
  const any = keys.includes('*');
  return (key) => any || known.has(key.key);
}

/** Deleting a whole name is decided type by type later; here it is enough if the rule could speak of it. */
function typeMatcher(
  types: readonly string[] | undefined,
  deny: boolean,
  which: string,
): (type: number) => boolean {
  if (types === undefined) return deny ? () => true : (type) => !rulingTypes.has(type);
  if (types.length === 0)
    throw usageError('HAWSER_DNS_OPTIONS', `Cannot use ${which} as types is empty`);
  if (types.includes('*')) return () => true;
  const known = new Set(types.map((type) => explained(which, () => parseType(type))));
  if (known.has(Type.ANY)) {
    throw usageError(
      'HAWSER_DNS_OPTIONS',
      `Cannot use ${which} as ${formatType(Type.ANY)} is no type of data: write "*" for all`,
    );
  }
  // A rule for one type does not deny what concerns them all: each type that is there is asked about by itself.
  return deny ? (type) => known.has(type) : (type) => known.has(type) || type === Type.ANY;
}

/** What `read` gives; its error says of which rule it is. */
function explained<T>(which: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code !== 'HAWSER_DNS_NAME' && code !== 'HAWSER_DNS_NUMBER' && code !== 'HAWSER_DNS_OPTIONS')
      throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw usageError(code, `Cannot use ${which}: ${why}`, { cause: error });
  }
}

function anyOf(matchers: readonly NameMatcher[]): NameMatcher {
  return (name, self) => matchers.some((matcher) => matcher(name, self));
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}

function isTtl(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= MAX_TTL;
}
