// What every ZoneStore promises.
import { afterEach, describe, expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import type { ZoneStore } from '../../src/store/zone-store.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { createRRset, sameRRset } from '../../src/zone/rrset.ts';
import { type ChangeSet, Zone } from '../../src/zone/zone.ts';

const origin = Name.parse('Example.net');

export function creation(zone: Zone): ChangeSet {
  const changes = [...zone.rrsets()].map((after) => ({
    name: after.name,
    type: after.type,
    before: undefined,
    after,
  }));
  return { origin: zone.origin, from: undefined, to: zone.serial, changes };
}

export function setting(
  zone: Zone,
  name: string,
  value: string,
): { zone: Zone; changeSet: ChangeSet } {
  const rrset = createRRset(Name.parse(name), Type.TXT, { ttl: 60, values: [value] });
  const changed = zone.change([{ name: rrset.name, type: Type.TXT, rrset }]);
  if (changed === undefined) throw new Error('nothing changed');
  return changed;
}

/** Runs the suite. `open` makes a fresh store; `reopen`, where there is one, gives another look at the same data. */
export function zoneStoreContract(
  open: () => ZoneStore,
  reopen?: (store: ZoneStore) => Promise<ZoneStore>,
): void {
  const opened: ZoneStore[] = [];
  const fresh = (): ZoneStore => {
    const store = open();
    opened.push(store);
    return store;
  };
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
  });

  async function expectStored(store: ZoneStore, zone: Zone): Promise<void> {
    const loaded = Zone.of(zone.origin, (await store.load(zone.origin))?.rrsets ?? []);
    expect(loaded.serial).toBe(zone.serial);
    expect([...loaded.rrsets()]).toHaveLength([...zone.rrsets()].length);
    for (const rrset of zone.rrsets())
      expect(sameRRset(loaded.get(rrset.name, rrset.type), rrset)).toBe(true);
  }

  describe('a zone store', () => {
    test('has nothing at first', async () => {
      const store = fresh();
      expect(await store.list()).toEqual([]);
      expect(await store.load(origin)).toBeUndefined();
      expect(await store.journal(origin, 1)).toBeUndefined();
    });

    test('gives back what was committed, octet for octet', async () => {
      let store = fresh();
      let zone = newZone(origin);
      await store.commit(creation(zone));
      for (const [name, value] of [
        ['a.example.net', 'x'],
        ['A\\000\\001\\.b.example.net', 'ü'],
        ['*.example.net', ''],
      ]) {
        const next = setting(zone, name ?? '', value ?? '');
        // oxlint-disable-next-line no-await-in-loop
        await store.commit(next.changeSet);
        zone = next.zone;
      }
      const removed = zone.change([
        { name: Name.parse('a.example.net'), type: Type.TXT, rrset: undefined },
      ]);
      if (removed) await store.commit(removed.changeSet);
      zone = removed?.zone ?? zone;
      await expectStored(store, zone);
      if (reopen) {
        store = await reopen(store);
        opened.push(store);
        await expectStored(store, zone);
      }
      expect((await store.list()).map((each) => [each.origin.toString(), each.serial])).toEqual([
        ['Example.net', 5],
      ]);
    });

    test('takes a change only if it was made from what it holds', async () => {
      const store = fresh();
      const zone = newZone(origin);
      await store.commit(creation(zone));
      const one = setting(zone, 'one.example.net', '1');
      const other = setting(zone, 'other.example.net', '2');
      await store.commit(one.changeSet);
      const refused = { name: 'StoreError', code: 'HAWSER_STORE_CONFLICT', exitCode: 74 };
      await expect(store.commit(other.changeSet)).rejects.toMatchObject(refused);
      await expect(store.commit(creation(zone))).rejects.toMatchObject(refused);
      await expect(
        store.commit({ ...one.changeSet, origin: Name.parse('example.org') }),
      ).rejects.toMatchObject(refused);
      await expectStored(store, one.zone);
    });

    test('a change that does not fit leaves those beside it alone', async () => {
      const store = fresh();
      const zones = ['a.test', 'b.test', 'c.test'].map((name) => newZone(Name.parse(name)));
      await Promise.all(zones.map((zone) => store.commit(creation(zone))));
      const changes = zones.map((zone) => setting(zone, `x.${zone.origin}`, 'new'));
      const stale = {
        ...setting(zones[1] ?? newZone(origin), 'y.b.test', 'stale').changeSet,
        from: 99,
      };
      const outcomes = await Promise.allSettled([
        store.commit(changes[0]?.changeSet ?? stale),
        store.commit(stale),
        store.commit(changes[1]?.changeSet ?? stale),
        store.commit(changes[2]?.changeSet ?? stale),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
        'fulfilled',
      ]);
      for (const { zone } of changes) {
        // oxlint-disable-next-line no-await-in-loop
        await expectStored(store, zone);
      }
    });

    test('the journal leads from an older serial to this one', async () => {
      const store = fresh();
      let zone = newZone(origin);
      await store.commit(creation(zone));
      for (const value of ['1', '2', '3']) {
        const next = setting(zone, 'x.example.net', value);
        // oxlint-disable-next-line no-await-in-loop
        await store.commit(next.changeSet);
        zone = next.zone;
      }
      const journal = await store.journal(origin, 2);
      expect(journal?.map(({ from, to }) => [from, to])).toEqual([
        [2, 3],
        [3, 4],
      ]);
      const txt = journal?.[0]?.changes.find(({ type }) => type === Type.TXT);
      expect(txt?.before?.records[0]?.wire.toString()).toBe('\x011');
      expect(txt?.after?.records[0]?.wire.toString()).toBe('\x012');
      expect(await store.journal(origin, 4)).toEqual([]);
      expect(await store.journal(origin, 77)).toBeUndefined();
    });

    test('the journal keeps 1,000 changes', async () => {
      const store = fresh();
      let zone = newZone(origin);
      await store.commit(creation(zone));
      const changes = Array.from({ length: 1001 }, (_, index) => {
        const next = setting(zone, 'x.example.net', String(index));
        zone = next.zone;
        return next.changeSet;
      });
      await Promise.all(changes.map((changeSet) => store.commit(changeSet)));
      expect(await store.journal(origin, 1)).toBeUndefined();
      expect(await store.journal(origin, 2)).toHaveLength(1000);
      await expectStored(store, zone);
    });
  });
}
