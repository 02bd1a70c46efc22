// How large a zone may grow.
import { usageError } from '../errors.ts';
import type { Name } from '../name.ts';
import { formatType } from '../numbers.ts';
import type { RRset } from '../zone/rrset.ts';
import { MAX_RECORDS } from '../zone/rrset.ts';
import type { RRsetChange, Zone } from '../zone/zone.ts';
import { sizeOfRRset } from './stored-size.ts';

/** Limits of a zone. A change that grows it beyond one is refused; one that shrinks it never is. */
export interface ZoneLimits {
  /** @defaultValue 5,000,000 */
  readonly maxNames?: number | undefined;
  /** @defaultValue 10,000,000 */
  readonly maxRecords?: number | undefined;
  /** Records of one name and type. @defaultValue 1000 */
  readonly maxRecordsPerRRset?: number | undefined;
  /** Types of one name: each question about it looks through them. @defaultValue 100 */
  readonly maxTypesPerName?: number | undefined;
  /** Octets of all names and data, as they are stored. @defaultValue 1 GiB */
  readonly maxBytes?: number | undefined;
  /** Records that go by themselves. @defaultValue 100,000 */
  readonly maxLeases?: number | undefined;
}

/** Limits with nothing left open. */
export type FullZoneLimits = { readonly [K in keyof ZoneLimits]-?: number };

/** How much of its limits a zone uses. */
export interface ZoneUsage {
  readonly records: number;
  readonly bytes: number;
}

/** `limits` with defaults. Throws for a number that is none. */
export function fullLimits(limits: ZoneLimits = {}): FullZoneLimits {
  const {
    maxNames = 5_000_000,
    maxRecords = 10_000_000,
    maxRecordsPerRRset = MAX_RECORDS,
    maxTypesPerName = 100,
    maxBytes = 1024 * 1024 * 1024,
    maxLeases = 100_000,
  } = limits;
  const full = {
    maxNames,
    maxRecords,
    maxRecordsPerRRset,
    maxTypesPerName,
    maxBytes,
    maxLeases,
  };
  for (const [name, value] of Object.entries(full)) {
    if (!Number.isSafeInteger(value) || value < 0)
      throw usageError('HAWSER_DNS_OPTIONS', `Cannot limit a zone as ${name} is ${value}`);
  }
  return full;
}

/** Counts what RRsets use: a zone would have to make them again to be counted. */
export class UsageCounter {
  #records = 0;
  #bytes = 0;

  get usage(): ZoneUsage {
    return { records: this.#records, bytes: this.#bytes };
  }

  add(rrset: RRset): void {
    const { records, bytes } = sizeOfRRset(rrset);
    this.#records += records;
    this.#bytes += bytes;
  }
}

/** What is used after `changes`, in steps: all records are counted. */
export function* measureUsage(
  usage: ZoneUsage,
  changes: readonly RRsetChange[],
): Generator<number, ZoneUsage, void> {
  let { records, bytes } = usage;
  for (const { before, after } of changes) {
    const was = sizeOfRRset(before);
    const is = sizeOfRRset(after);
    records += is.records - was.records;
    bytes += is.bytes - was.bytes;
    // Counting is a small part of what is done with a record elsewhere.
    yield 1 + (was.records + is.records) / 50;
  }
  return { records, bytes };
}

/** A zone and what it uses. */
export interface MeasuredZone {
  readonly zone: Zone;
  readonly usage: ZoneUsage;
}

/** To look at a change, and the names it is about, costs as much as so many steps of other work. */
const LOOK_STEPS = 2;

/** Throws UsageError `HAWSER_DNS_ZONE` if the way from `before` to `after` leads beyond a limit. */
export function* checkLimits(
  limits: FullZoneLimits,
  step: { before: MeasuredZone; after: MeasuredZone; changes: readonly RRsetChange[] },
): Generator<number, void, void> {
  const { before, after, changes } = step;
  const { origin } = after.zone;
  const check = (what: () => string, was: number, is: number, limit: number): void => {
    if (is <= limit || is <= was) return;
    throw usageError(
      'HAWSER_DNS_ZONE',
      `Cannot keep ${is} ${what()} in zone "${origin}" as ${limit} are allowed`,
    );
  };
  check(() => 'names', before.zone.size, after.zone.size, limits.maxNames);
  check(() => 'records', before.usage.records, after.usage.records, limits.maxRecords);
  check(() => 'octets', before.usage.bytes, after.usage.bytes, limits.maxBytes);
  for (const { name, type, before: was, after: is } of changes) {
    if (was === undefined && is !== undefined) {
      const what = (): string => `types at "${name}"`;
      check(what, typesAt(before.zone, name), typesAt(after.zone, name), limits.maxTypesPerName);
    }
    yield LOOK_STEPS;
    const { records: count } = sizeOfRRset(is);
    if (count <= limits.maxRecordsPerRRset) continue;
    const what = (): string => `${formatType(type)} records of "${name}"`;
    check(what, sizeOfRRset(was).records, count, limits.maxRecordsPerRRset);
  }
}

function typesAt(zone: Zone, { key }: Name): number {
  return zone.node(key)?.list.length ?? 0;
}
