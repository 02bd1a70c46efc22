// RRsets of a zone, written into its table in steps.
import type { RRsetChange } from '../zone/zone.ts';
import { encodeRecords } from './change-codec.ts';
import type { SqliteValue } from './open-sqlite.ts';
import type { SqliteStatements } from './sqlite-file.ts';
import { ROWS_AT_ONCE } from './sqlite-schema.ts';

/** A change, and `Name.sortKey` of its name. */
export interface KeyedChange {
  readonly key: Buffer;
  readonly change: RRsetChange;
}

/** From this many on, pages written again and again cost more than putting the changes in order. */
const MANY = 1000;
/** To delete a row that may be long costs as much as to write so many short ones. */
const DELETE_STEPS = 5;
/** As much as a short row costs this many octets of a long one. */
const ROW_OCTETS = 256;
const VALUES_PER_ROW = 6;
/** What it takes to put a change in its place, of the time to write a row. */
const ORDER_STEPS = 0.25;

/** Writes what `changes` lead to. A step yields how many rows it wrote, or would have in the time. */
export function* writeRRsets(
  run: SqliteStatements,
  zone: number,
  changes: Iterable<KeyedChange>,
): Generator<number, void, void> {
  let values: SqliteValue[] = [];
  for (const { key, change } of changes) {
    const { type, after } = change;
    if (after === undefined) {
      run.remove.run(zone, key, type);
      yield DELETE_STEPS;
      continue;
    }
    const octets = encodeRecords(after);
    values.push(zone, key, type, after.name.wire, after.ttl, octets);
    if (values.length === VALUES_PER_ROW * ROWS_AT_ONCE) {
      run.putMany.run(...values);
      values = [];
    }
    yield 1 + Math.floor(octets.length / ROW_OCTETS);
  }
  for (let at = 0; at < values.length; at += VALUES_PER_ROW)
    run.put.run(...values.slice(at, at + VALUES_PER_ROW));
}

/** `changes`, many of them in the order of their names. A step yields how many rows would be written in the time. */
export function* inKeyOrder(
  changes: readonly RRsetChange[],
): Generator<number, readonly KeyedChange[], void> {
  // Of a signed zone there are three for each name.
  const byName = new Map<string, KeyedChange[]>();
  for (const change of changes) {
    const { name } = change;
    const same = byName.get(name.key);
    const [first] = same ?? [];
    if (same !== undefined && first !== undefined) same.push({ key: first.key, change });
    else byName.set(name.key, [{ key: name.sortKey(), change }]);
    yield ORDER_STEPS;
  }
  const groups = [...byName.values()];
  if (changes.length < MANY) return groups.flat();
  // Strings of octets are compared much faster than octets.
  const byKey = new Map<string, KeyedChange[]>();
  for (const group of groups) {
    byKey.set(group[0]?.key.toString('latin1') ?? '', group);
    yield ORDER_STEPS;
  }
  return [...byKey.keys()].sort().flatMap((key) => byKey.get(key) ?? []);
}
