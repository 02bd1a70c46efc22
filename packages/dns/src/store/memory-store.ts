import { StoreError } from '../errors.ts';
import type { Name } from '../name.ts';
import type { RRset } from '../zone/rrset.ts';
import type { ChangeSet } from '../zone/zone.ts';
import type { StoredZone, ZoneStore } from './zone-store.ts';

/** Changes kept for each zone. */
export const MAX_JOURNAL = 1000;

/** A store that forgets everything with the process. */
export function memory(): ZoneStore {
  return new MemoryStore();
}

interface Kept {
  readonly origin: Name;
  serial: number;
  readonly rrsets: Map<string, RRset>;
  journal: ChangeSet[];
}

class MemoryStore implements ZoneStore {
  readonly #zones = new Map<string, Kept>();

  async list(): Promise<readonly StoredZone[]> {
    return [...this.#zones.values()].map(({ origin, serial }) => ({ origin, serial }));
  }

  async load(origin: Name): Promise<readonly RRset[] | undefined> {
    const zone = this.#zones.get(origin.key);
    return zone && [...zone.rrsets.values()];
  }

  async commit(changeSet: ChangeSet): Promise<void> {
    const { origin, from, to, changes } = changeSet;
    const stored = this.#zones.get(origin.key);
    if (stored?.serial !== from) throw conflict(changeSet, stored?.serial);
    const zone = stored ?? { origin, serial: to, rrsets: new Map(), journal: [] };
    for (const { name, type, after } of changes) {
      const id = `${type}/${name.key}`;
      if (after === undefined) zone.rrsets.delete(id);
      else zone.rrsets.set(id, after);
    }
    zone.serial = to;
    if (from !== undefined) zone.journal = [...zone.journal, changeSet].slice(-MAX_JOURNAL);
    this.#zones.set(origin.key, zone);
  }

  async journal(origin: Name, serial: number): Promise<readonly ChangeSet[] | undefined> {
    const zone = this.#zones.get(origin.key);
    if (zone === undefined) return undefined;
    if (zone.serial === serial) return [];
    const first = zone.journal.findLastIndex(({ from }) => from === serial);
    return first < 0 ? undefined : zone.journal.slice(first);
  }

  async close(): Promise<void> {}
}

/** The error of a change that was made from something else than what is stored. */
export function conflict({ origin, from }: ChangeSet, stored: number | undefined): StoreError {
  const [made, found] = [from, stored].map((serial) =>
    serial === undefined ? 'no zone' : `serial ${serial}`,
  );
  return new StoreError(
    'HAWSER_STORE_CONFLICT',
    `Cannot store a change of "${origin}" as it was made from ${made} and the store has ${found}`,
  );
}
