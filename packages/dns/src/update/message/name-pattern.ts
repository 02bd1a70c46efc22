// Which names a rule speaks of. Labels are compared as octets, so that `a\.b` is one label and never two.
import { usageError } from '../../errors.ts';
import { Name } from '../../name.ts';

/** Decides about names. `self` is the name of the key that signed, where one did. */
export type NameMatcher = (name: Name, self: Name | undefined) => boolean;

/**
 * The matcher of a pattern. Names are absolute and compared without regard to ASCII case:
 *
 * - `"host.example.net"`: that name and no other
 * - `"*.example.net"`: every name below it, however deep, but not itself
 * - `"_acme-challenge.*"`: every name with that first label; `"*"`: every name
 * - `"self"`: the name of the key; `"*.self"` below it, `"_acme-challenge.self"` in front of it. `"self."` is a name
 * - `"\*.example.net"`: the wildcard itself. A `*` label of a name is a label like any other, so `"*.example.net"` has it too
 *
 * @throws UsageError `HAWSER_DNS_NAME` for what is no name, `HAWSER_DNS_OPTIONS` for two `*`
 */
export function namePattern(pattern: string): NameMatcher {
  const parts = splitLabels(pattern);
  const rooted = parts.at(-1) === '';
  const self = !rooted && parts.at(-1)?.toLowerCase() === 'self';
  if (self || rooted) parts.pop();
  if (parts.length === 0 && !self) {
    throw usageError('HAWSER_DNS_NAME', `Cannot use "${pattern}" as a pattern of names`);
  }
  const star = parts.indexOf('*');
  if (star !== parts.lastIndexOf('*')) {
    throw usageError('HAWSER_DNS_OPTIONS', `Cannot use "${pattern}" as it has more than one "*"`);
  }
  const before = star < 0 ? '' : keyOf(parts.slice(0, star), pattern);
  const after = keyOf(parts.slice(star + 1), pattern);
  // The key of a name ends with the root, which has no length.
  return ({ key }, owner) => {
    if (self && owner === undefined) return false;
    const end = self && owner !== undefined ? after + owner.key : `${after}\0`;
    return star < 0 ? key === end : isBetween(key, before, end);
  };
}

/** True if `key` begins with the labels `before`, ends with the labels `end`, and has a label or more between. */
function isBetween(key: string, before: string, end: string): boolean {
  const rest = key.length - end.length;
  if (rest <= before.length || !key.startsWith(before) || !key.endsWith(end)) return false;
  // The octets of labels can occur inside a label of another name.
  let at = before.length;
  while (at < rest) at += 1 + key.charCodeAt(at);
  return at === rest;
}

/** The labels as they stand in a {@link Name.key}, without the root. */
function keyOf(parts: readonly string[], pattern: string): string {
  return parts.map((part) => labelKey(part, pattern)).join('');
}

/** Cuts at dots that are not escaped. Behind a final dot the last part is empty. */
function splitLabels(pattern: string): string[] {
  const parts: string[] = [];
  let part = '';
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] ?? '';
    if (char === '.') {
      parts.push(part);
      part = '';
      continue;
    }
    part += char;
    if (char === '\\') part += pattern[++at] ?? '';
  }
  return [...parts, part];
}

function labelKey(part: string, pattern: string): string {
  const name = part === '' ? undefined : parseLabel(part);
  if (name === undefined || name.labelCount !== 1) {
    throw usageError('HAWSER_DNS_NAME', `Cannot use "${pattern}" as a pattern of names`);
  }
  return name.key.slice(0, -1);
}

function parseLabel(part: string): Name | undefined {
  try {
    return Name.parse(part);
  } catch {
    return undefined;
  }
}
