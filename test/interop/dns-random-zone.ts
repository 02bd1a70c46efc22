import type { PeerZone } from './dns-peers.ts';

/** Numbers from 0 up to 1. */
export interface Randomness {
  float(): number;
}

/** A question about a zone. */
export interface ZoneQuestion {
  readonly name: string;
  readonly type: 'A' | 'TXT' | 'MX' | 'CNAME' | 'NS' | 'DS' | 'DNAME' | 'SOA';
}

const labels = ['a', 'b', 'c', 'd', '*'];
const types = ['A', 'A', 'TXT', 'MX', 'CNAME', 'NS', 'DS', 'DNAME'] as const;

/**
 * A small zone in which names, wildcards, aliases, delegations and redirections meet as often as not. Every server can load
 * it: no data beside an alias or below a DNAME, no delegation by a wildcard.
 */
export function randomZone(random: Randomness, origin: string): PeerZone {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.float() * list.length)] as T;
  const owner = (depth: number): string =>
    Array.from({ length: 1 + Math.floor(random.float() * depth) }, (_, index) =>
      // One wildcard among ten labels, mostly in front.
      random.float() < (index === 0 ? 0.2 : 0.03) ? '*' : pick(labels.slice(0, 3)),
    ).join('.');
  const target = (): string => (random.float() < 0.85 ? `${owner(3)}.${origin}.` : 'x.example.');
  const held = new Map<string, Map<string, string[]>>();
  const put = (name: string, type: string, data: string): void => {
    const byType = held.get(name) ?? new Map<string, string[]>();
    byType.set(type, [...new Set([...(byType.get(type) ?? []), data])]);
    held.set(name, byType);
  };
  for (let left = 4 + Math.floor(random.float() * 14); left > 0; left--) {
    const name = owner(3);
    const type = pick(types);
    const alone = held.get(name)?.has('CNAME') || (type === 'CNAME' && held.has(name));
    const once = type === 'DNAME' && held.get(name)?.has('DNAME');
    if (alone || once) continue;
    if (type === 'A') put(name, type, `192.0.2.${1 + Math.floor(random.float() * 200)}`);
    if (type === 'TXT') put(name, type, `"${Math.floor(random.float() * 9)}"`);
    if (type === 'MX') put(name, type, `10 ${target()}`);
    if (type === 'CNAME') put(name, type, target());
    if (type === 'DNAME' && !name.startsWith('*') && !held.get(name)?.has('NS'))
      put(name, type, target());
    if (type === 'NS' && !name.startsWith('*') && !held.get(name)?.has('DNAME')) {
      put(name, type, random.float() < 0.5 ? `a.${name}.${origin}.` : target());
      if (random.float() < 0.4) put(name, 'DS', `1 13 2 ${'00'.repeat(32)}`);
    }
  }
  for (const [name, byType] of held) if (!isPossible(name, byType, held)) held.delete(name);
  const lines = [...held].flatMap(([name, byType]) =>
    [...byType].flatMap(([type, list]) => list.map((data) => `${name} 300 IN ${type} ${data}`)),
  );
  return {
    origin,
    text: [
      `$ORIGIN ${origin}.`,
      '@ 600 IN SOA ns hostmaster 1 7200 900 1209600 60',
      '@ 600 IN NS ns',
      'ns 600 IN A 192.0.2.254',
      ...lines,
      '',
    ].join('\n'),
  };
}

function isPossible(
  name: string,
  byType: ReadonlyMap<string, unknown>,
  held: ReadonlyMap<string, ReadonlyMap<string, unknown>>,
): boolean {
  const ancestors = [...held].filter(([other]) => name.endsWith(`.${other}`));
  if (ancestors.some(([, types]) => types.has('DNAME'))) return false;
  if (byType.has('NS')) return [...byType.keys()].every((type) => ['NS', 'DS', 'A'].includes(type));
  return !byType.has('DS');
}

/** A question that may well be about something in a {@link randomZone}. */
export function randomQuestion(random: Randomness, origin: string): ZoneQuestion {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.float() * list.length)] as T;
  const depth = Math.floor(random.float() * 5);
  const prefix = Array.from({ length: depth }, () =>
    random.float() < 0.05 ? '*' : pick(labels.slice(0, 4)),
  );
  return {
    name: [...prefix, origin].join('.'),
    type: pick([...types, 'A', 'SOA'] as const),
  };
}
