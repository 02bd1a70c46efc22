// Which names a rule speaks of. Labels are compared as octets, so that `a\.b` is one label and never two.
import { usageError } from '../../errors.ts';
import { foldedKey, Name } from '../../name.ts';

/** Decides about names. `self` is the name of the key that signed, where one did. */
export type NameMatcher = (name: Name, self: Name | undefined) => boolean;

type Label = string | typeof ANY;

/** Stands for one label or more. */
const ANY = Symbol('*');

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
  const labels = parts.map((part): Label => (part === '*' ? ANY : labelOf(part, pattern)));
  const star = labels.indexOf(ANY);
  if (star !== labels.lastIndexOf(ANY)) {
    throw usageError('HAWSER_DNS_OPTIONS', `Cannot use "${pattern}" as it has more than one "*"`);
  }
  return (name, key) => {
    if (self && key === undefined) return false;
    const tail = self && key !== undefined ? labelKeys(key) : [];
    return matches(labels, star, tail, labelKeys(name));
  };
}

function matches(
  pattern: readonly Label[],
  star: number,
  tail: readonly string[],
  name: readonly string[],
): boolean {
  const whole = [...pattern, ...tail];
  if (star < 0) return whole.length === name.length && endsAlike(whole, name, whole.length);
  if (name.length < whole.length) return false;
  for (let at = 0; at < star; at++) if (whole[at] !== name[at]) return false;
  return endsAlike(whole, name, whole.length - star - 1);
}

function endsAlike(pattern: readonly Label[], name: readonly string[], count: number): boolean {
  for (let back = 1; back <= count; back++) {
    if (pattern[pattern.length - back] !== name[name.length - back]) return false;
  }
  return true;
}

/** The labels of `name`, folded, the root not counted. */
function labelKeys(name: Name): string[] {
  const { key } = name;
  const labels: string[] = [];
  for (let at = 0; at < key.length - 1; ) {
    const next = at + 1 + key.charCodeAt(at);
    labels.push(key.slice(at + 1, next));
    at = next;
  }
  return labels;
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

function labelOf(part: string, pattern: string): string {
  const name = part === '' ? undefined : parseLabel(part);
  if (name === undefined || name.labelCount !== 1) {
    throw usageError('HAWSER_DNS_NAME', `Cannot use "${pattern}" as a pattern of names`);
  }
  return foldedKey(name.wire, 1, name.wire.length - 1);
}

function parseLabel(part: string): Name | undefined {
  try {
    return Name.parse(part);
  } catch {
    return undefined;
  }
}
