import { sameRRset } from '../zone/rrset.ts';
import type { ChangeSet, RRsetChange } from '../zone/zone.ts';

/** True if each change begins where the one before it ended, the first one at `serial`. */
export function isChain(changeSets: readonly ChangeSet[], serial: number): boolean {
  let at = serial;
  for (const { from, to } of changeSets) {
    if (from !== at) return false;
    at = to;
  }
  return true;
}

/**
 * One change for a chain of them (RFC 1995 §5), made in steps: what was added and removed again is not in it. Undefined for an
 * empty chain.
 */
export function* condense(
  changeSets: readonly ChangeSet[],
): Generator<void, ChangeSet | undefined, void> {
  const [first] = changeSets;
  const last = changeSets.at(-1);
  if (first === undefined || last === undefined) return undefined;
  if (first === last) return first;
  const merged = new Map<string, RRsetChange>();
  for (const { changes } of changeSets) {
    for (const change of changes) {
      const id = `${change.type}/${change.name.key}`;
      const earlier = merged.get(id);
      merged.set(id, earlier === undefined ? change : { ...change, before: earlier.before });
      yield;
    }
  }
  const changes: RRsetChange[] = [];
  for (const change of merged.values()) {
    if (!sameRRset(change.before, change.after)) changes.push(change);
    yield;
  }
  return { origin: first.origin, from: first.from, to: last.to, changes };
}
