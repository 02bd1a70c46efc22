// A store that forgets everything with the process.
import type { Name } from '../name.ts';
import type { RRset } from '../zone/rrset.ts';
import type { ChangeSet, RRsetChange } from '../zone/zone.ts';
import type { Bucket } from './bucket.ts';
import { checkBucketName } from './bucket.ts';
import { conflict } from './conflict.ts';
import { DEFAULT_JOURNAL } from './journal-limits.ts';
import { leaseId } from './lease-id.ts';
import { MemoryBucket } from './memory-bucket.ts';
import { sizeOfChanges } from './stored-size.ts';
import type { CommitOptions, Lease, StoredContent, StoredZone, ZoneStore } from './zone-store.ts';

/**
 * A store that forgets everything with the process. Who shares it shares its zones: two zones of one origin on it notice
 * each other at the next change.
 */
export function memory(): ZoneStore {
  return new MemoryStore();
}

interface Kept {
  readonly origin: Name;
  serial: number;
  revision: number;
  /** As it was made. A map of a million takes half a second, and most are never asked for. */
  readonly first: readonly RRsetChange[];
  readonly since: Since;
  readonly leases: Map<string, Lease>;
  journal: { readonly changeSet: ChangeSet; readonly bytes: number }[];
  journalBytes: number;
}

/** What became of RRsets since their zone was made, by type and name. What was not there then is left out when it is gone. */
type Since = Map<string, { readonly rrset: RRset | undefined; readonly inFirst: boolean }>;

class MemoryStore implements ZoneStore {
  readonly #zones = new Map<string, Kept>();
  readonly #buckets = new Map<string, Bucket>();

  async list(): Promise<readonly StoredZone[]> {
    return [...this.#zones.values()].map(described);
  }

  async find(origin: Name): Promise<StoredZone | undefined> {
    const zone = this.#zones.get(origin.key);
    return zone && described(zone);
  }

  async load(origin: Name): Promise<StoredContent | undefined> {
    const zone = this.#zones.get(origin.key);
    if (zone === undefined) return undefined;
    const leases = [...zone.leases.values()];
    return { ...described(zone), pages: pagesOf(zone.first, new Map(zone.since)), leases };
  }

  async leases(origin: Name): Promise<readonly Lease[]> {
    return [...(this.#zones.get(origin.key)?.leases.values() ?? [])];
  }

  async commit(changeSet: ChangeSet, options: CommitOptions = {}): Promise<void> {
    const { origin, from, to, changes } = changeSet;
    const stored = this.#zones.get(origin.key);
    const { revision = stored?.revision } = options;
    if (stored?.serial !== from || stored?.revision !== revision)
      throw conflict(changeSet, stored && described(stored));
    const zone = stored ?? madeZone(changeSet);
    if (stored !== undefined) for (const change of changes) take(zone.since, change);
    for (const { expires, ...record } of options.leases ?? []) {
      if (expires === undefined) zone.leases.delete(leaseId(record));
      else zone.leases.set(leaseId(record), { ...record, expires });
    }
    zone.serial = to;
    if (stored !== undefined) zone.revision++;
    if (from !== undefined && changes.length > 0) keep(zone, changeSet, options);
    this.#zones.set(origin.key, zone);
  }

  async journal(origin: Name, serial: number): Promise<readonly ChangeSet[] | undefined> {
    const zone = this.#zones.get(origin.key);
    if (zone === undefined) return undefined;
    if (zone.serial === serial) return [];
    const first = zone.journal.findLastIndex(({ changeSet }) => changeSet.from === serial);
    return first < 0 ? undefined : zone.journal.slice(first).map(({ changeSet }) => changeSet);
  }

  async delete(origin: Name): Promise<boolean> {
    return this.#zones.delete(origin.key);
  }

  /** Nobody else can write it. */
  watch(): Disposable {
    return { [Symbol.dispose]: () => undefined };
  }

  bucket(name: string): Bucket {
    checkBucketName(name);
    let bucket = this.#buckets.get(name);
    if (bucket === undefined) this.#buckets.set(name, (bucket = new MemoryBucket()));
    return bucket;
  }

  async close(): Promise<void> {}
}

function described({ origin, serial, revision }: Kept): StoredZone {
  return { origin, serial, revision, edits: 0 };
}

function madeZone({ origin, to, changes }: ChangeSet): Kept {
  return {
    origin,
    serial: to,
    revision: 0,
    first: changes,
    since: new Map(),
    leases: new Map(),
    journal: [],
    journalBytes: 0,
  };
}

/** RRsets of a page. */
const PAGE = 1000;

async function* pagesOf(
  first: readonly RRsetChange[],
  since: Since,
): AsyncGenerator<readonly RRset[], void, undefined> {
  for (let at = 0; at < first.length; at += PAGE) {
    const page = first.slice(at, at + PAGE).filter((change) => !since.has(idOf(change)));
    yield page.flatMap(({ after }) => after ?? []);
  }
  const rrsets = [...since.values()].flatMap(({ rrset }) => rrset ?? []);
  for (let at = 0; at < rrsets.length; at += PAGE) yield rrsets.slice(at, at + PAGE);
}

function take(since: Since, change: RRsetChange): void {
  const { before, after: rrset } = change;
  const id = idOf(change);
  const inFirst = since.get(id)?.inFirst ?? before !== undefined;
  if (rrset === undefined && !inFirst) since.delete(id);
  else since.set(id, { rrset, inFirst });
}

function idOf({ name, type }: RRsetChange): string {
  return `${type}/${name.key}`;
}

function keep(zone: Kept, changeSet: ChangeSet, { journal = {} }: CommitOptions): void {
  const { maxChanges = DEFAULT_JOURNAL.maxChanges, maxBytes = DEFAULT_JOURNAL.maxBytes } = journal;
  const bytes = sizeOfChanges(changeSet.changes);
  zone.journal.push({ changeSet, bytes });
  zone.journalBytes += bytes;
  let dropped = 0;
  while (zone.journal.length - dropped > maxChanges || zone.journalBytes > maxBytes) {
    zone.journalBytes -= zone.journal[dropped]?.bytes ?? 0;
    dropped++;
  }
  if (dropped > 0) zone.journal = zone.journal.slice(dropped);
}
