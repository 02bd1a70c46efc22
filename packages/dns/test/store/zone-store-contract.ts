// What every ZoneStore promises.
import { afterEach, describe, expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import type { BucketListing } from '../../src/store/bucket.ts';
import type { ZoneStore } from '../../src/store/zone-store.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { createRRset, type RRset, sameRRset } from '../../src/zone/rrset.ts';
import { withSerial } from '../../src/zone/soa-serial.ts';
import { type ChangeSet, Zone } from '../../src/zone/zone.ts';
import { storedRRsets } from './stored-rrsets.ts';

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
  const changed = zone.change([text(name, value)]);
  if (changed === undefined) throw new Error('nothing changed');
  return changed;
}

function text(name: string, value: string) {
  const rrset = createRRset(Name.parse(name), Type.TXT, { ttl: 60, values: [value] });
  return { name: rrset.name, type: Type.TXT, rrset };
}

/** A zone that no store gives in one page. */
function large(count = 2500): Zone {
  const values = ['192.0.2.1'];
  const rrsets = Array.from({ length: count }, (_, index) =>
    createRRset(Name.parse(`n${index}.example.net`), Type.A, { ttl: 60, values }),
  );
  return Zone.of(origin, [...newZone(origin).rrsets(), ...rrsets]);
}

/** Runs the suite. `open` makes a fresh store; `reopen`, where there is one, gives another look at the same data. */
export function zoneStoreContract(
  open: () => ZoneStore | Promise<ZoneStore>,
  reopen?: (store: ZoneStore) => Promise<ZoneStore>,
): void {
  const opened: ZoneStore[] = [];
  const fresh = async (): Promise<ZoneStore> => {
    const store = await open();
    opened.push(store);
    return store;
  };
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
  });

  async function expectStored(store: ZoneStore, zone: Zone): Promise<void> {
    const loaded = Zone.of(zone.origin, await storedRRsets(store, zone.origin));
    expect(loaded.serial).toBe(zone.serial);
    expect([...loaded.rrsets()]).toHaveLength([...zone.rrsets()].length);
    for (const rrset of zone.rrsets())
      expect(sameRRset(loaded.get(rrset.name, rrset.type), rrset)).toBe(true);
  }

  describe('a zone store', () => {
    test('has nothing at first', async () => {
      const store = await fresh();
      expect(await store.list()).toEqual([]);
      expect(await store.load(origin)).toBeUndefined();
      expect(await store.journal(origin, 1)).toBeUndefined();
    });

    test('gives back what was committed, octet for octet', async () => {
      let store = await fresh();
      let zone = newZone(origin);
      await store.commit(creation(zone));
      for (const [name, value] of [
        ['a.example.net', 'x'],
        ['A\\000\\001\\.b.example.net', 'ü'],
        ['*.example.net', ''],
      ]) {
        const next = setting(zone, name ?? '', value ?? '');
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

    test('gives content of one moment, whatever is stored while it is read', async () => {
      const store = await fresh();
      const zone = large();
      await store.commit(creation(zone));
      const next = setting(zone, 'n2499.example.net', 'later');
      let pages = 0;
      let storing: Promise<void> | undefined;
      const read: RRset[] = [];
      for await (const page of (await store.load(origin))?.pages ?? []) {
        storing ??= store.commit(next.changeSet);
        read.push(...page);
        pages++;
      }
      expect(pages).toBeGreaterThan(1);
      expect(read).toHaveLength([...zone.rrsets()].length);
      expect(Zone.of(origin, read).get(Name.parse('n2499.example.net'), Type.TXT)).toBeUndefined();
      await storing;
      await expectStored(store, next.zone);
    });

    test('waits for nobody who left before the end', async () => {
      const store = await fresh();
      const zone = large();
      await store.commit(creation(zone));
      for await (const page of (await store.load(origin))?.pages ?? []) {
        expect(page.length).toBeGreaterThan(0);
        break;
      }
      // Nor for one who never began.
      await store.load(origin);
      const next = setting(zone, 'a.example.net', 'x');
      await store.commit(next.changeSet);
      await expectStored(store, next.zone);
    });

    test('forgets records that come and go, those it was made with too', async () => {
      const store = await fresh();
      let zone = large(3);
      await store.commit(creation(zone));
      const put = async (name: string, type: number, rrset?: RRset): Promise<void> => {
        const next = zone.change([{ name: Name.parse(name), type, rrset }]);
        if (next === undefined) throw new Error('nothing changed');
        await store.commit(next.changeSet);
        zone = next.zone;
        await expectStored(store, zone);
      };
      const first = zone.get(Name.parse('n1.example.net'), Type.A);
      await put('n1.example.net', Type.A);
      await put('n1.example.net', Type.A, first);
      await put('n1.example.net', Type.A);
      const { rrset } = text('new.example.net', 'x');
      await put('new.example.net', Type.TXT, rrset);
      await put('new.example.net', Type.TXT);
      await put('n2.example.net', Type.A);
      await put('n2.example.net', Type.TXT, text('n2.example.net', 'y').rrset);
    });

    test('takes a change only if it was made from what it holds', async () => {
      const store = await fresh();
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
      const store = await fresh();
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
        await expectStored(store, zone);
      }
    });

    test('the journal leads from an older serial to this one', async () => {
      const store = await fresh();
      let zone = newZone(origin);
      await store.commit(creation(zone));
      for (const value of ['1', '2', '3']) {
        const next = setting(zone, 'x.example.net', value);
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

    test('the journal keeps as many changes as it may', async () => {
      const store = await fresh();
      let zone = newZone(origin);
      await store.commit(creation(zone));
      for (let index = 0; index < 21; index++) {
        const next = setting(zone, 'x.example.net', String(index));
        await store.commit(next.changeSet, { journal: { maxChanges: 20 } });
        zone = next.zone;
      }
      expect(await store.journal(origin, 1)).toBeUndefined();
      expect(await store.journal(origin, 2)).toHaveLength(20);
      await expectStored(store, zone);
    });

    test('the journal is limited by octets too, and drops the oldest first', async () => {
      const store = await fresh();
      let zone = newZone(origin);
      await store.commit(creation(zone));
      for (let index = 0; index < 10; index++) {
        const next = setting(zone, 'x.example.net', `${index}`.repeat(200));
        await store.commit(next.changeSet, { journal: { maxBytes: 2000 } });
        zone = next.zone;
      }
      const kept = [];
      for (let serial = 1; serial <= 11; serial++)
        kept.push((await store.journal(origin, serial))?.length);
      // Each has some 600 octets: the SOA, the TXT record, both before and after.
      expect(kept.slice(-4)).toEqual([3, 2, 1, 0]);
      expect(kept.slice(0, -4)).toEqual(Array.from({ length: 7 }));
      const next = setting(zone, 'x.example.net', 'y'.repeat(255));
      await store.commit(next.changeSet, { journal: { maxBytes: 100 } });
      expect(await store.journal(origin, 11)).toBeUndefined();
      const last = setting(next.zone, 'x.example.net', 'z');
      await store.commit(last.changeSet);
      expect(await store.journal(origin, 12)).toHaveLength(1);
      const forgotten = setting(last.zone, 'x.example.net', 'forget');
      await store.commit(forgotten.changeSet, { journal: { maxChanges: 0 } });
      expect(await store.journal(origin, 12)).toBeUndefined();
      expect(await store.journal(origin, 14)).toEqual([]);
      await expectStored(store, forgotten.zone);
    });

    test('a journal that came round to a serial again leads from the last time', async () => {
      const store = await fresh();
      let zone = newZone(origin);
      await store.commit(creation(zone));
      const to = async (serial: number, value: string) => {
        const { changeSet } = setting(zone, 'x.example.net', value);
        await store.commit({ ...changeSet, from: zone.serial, to: serial });
        const soa = withSerial(zone.soa, serial);
        const rrsets = [...zone.rrsets()].filter(({ type }) => type !== Type.SOA);
        zone = Zone.of(origin, [...rrsets, soa]);
      };
      for (const [serial, value] of [
        [5, 'a'],
        [9, 'b'],
        [5, 'c'],
        [7, 'd'],
      ] as const)
        await to(serial, value);
      expect((await store.journal(origin, 5))?.map(({ to: serial }) => serial)).toEqual([7]);
    });

    test('keeps leases with the change they come with, and drops them with the zone', async () => {
      let store = await fresh();
      let zone = newZone(origin);
      await store.commit(creation(zone));
      const next = setting(zone, 'X.example.net', 'soon gone');
      const rrset = next.zone.get(Name.parse('x.example.net'), Type.TXT);
      const rdata = rrset?.records[0]?.wire ?? Buffer.alloc(0);
      const lease = { name: Name.parse('x.example.net'), type: Type.TXT, rdata };
      await store.commit(next.changeSet, { leases: [{ ...lease, expires: 1_700_000_000_123 }] });
      zone = next.zone;
      if (reopen) {
        store = await reopen(store);
        opened.push(store);
      }
      const read = async () =>
        (await store.leases(origin)).map((each) => [
          each.name.key,
          each.type,
          Buffer.from(each.rdata).toString(),
          each.expires,
        ]);
      const kept = [lease.name.key, Type.TXT, rdata.toString(), 1_700_000_000_123];
      expect(await read()).toEqual([kept]);
      expect((await store.load(origin))?.leases).toHaveLength(1);
      const same = { origin, from: zone.serial, to: zone.serial, changes: [] };
      await store.commit(same, { leases: [{ ...lease, expires: 1_800_000_000_000 }] });
      expect((await read())[0]?.[3]).toBe(1_800_000_000_000);
      expect(await store.find(origin)).toMatchObject({ serial: 2, revision: 2, edits: 0 });
      expect(await store.journal(origin, 1)).toHaveLength(1);
      await store.commit(same, { leases: [{ ...lease, expires: undefined }] });
      expect(await read()).toEqual([]);
      await store.commit(same, { leases: [{ ...lease, expires: 1 }] });
      expect(await store.delete(origin)).toBe(true);
      await store.commit(creation(newZone(origin)));
      expect(await read()).toEqual([]);
    });

    test('counts revisions, and takes a change only from the one it was made from', async () => {
      const store = await fresh();
      const zone = newZone(origin);
      await store.commit(creation(zone));
      expect(await store.find(origin)).toMatchObject({ serial: 1, revision: 0, edits: 0 });
      const same = { origin, from: 1, to: 1, changes: [] };
      await store.commit(same, { revision: 0 });
      const stale = store.commit(setting(zone, 'x.example.net', '1').changeSet, { revision: 0 });
      await expect(stale).rejects.toMatchObject({ code: 'HAWSER_STORE_CONFLICT' });
      await store.commit(setting(zone, 'x.example.net', '1').changeSet, { revision: 1 });
      expect(await store.find(origin)).toMatchObject({ serial: 2, revision: 2, edits: 0 });
      expect(await store.list()).toMatchObject([{ serial: 2, revision: 2, edits: 0 }]);
      expect(await store.find(Name.parse('example.org'))).toBeUndefined();
    });

    test('forgets a zone that is deleted, and no other', async () => {
      const store = await fresh();
      const other = newZone(Name.parse('example.org'));
      await store.commit(creation(newZone(origin)));
      await store.commit(creation(other));
      await store.commit(setting(newZone(origin), 'x.example.net', '1').changeSet);
      expect(await store.delete(origin)).toBe(true);
      expect(await store.delete(origin)).toBe(false);
      expect([await store.find(origin), await store.load(origin)]).toEqual([undefined, undefined]);
      expect(await store.journal(origin, 1)).toBeUndefined();
      await expectStored(store, other);
      // Made anew, it has no past.
      await store.commit(creation(newZone(origin)));
      expect(await store.journal(origin, 2)).toBeUndefined();
    });
  });

  describe('a bucket', () => {
    test('keeps values by key, octet for octet', async () => {
      let store = await fresh();
      const value = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet));
      await store.bucket('keys').put('a', value);
      await store.bucket('keys').put('empty', Buffer.alloc(0));
      await store.bucket('other').put('a', Buffer.from('other'));
      if (reopen) {
        store = await reopen(store);
        opened.push(store);
      }
      const bucket = store.bucket('keys');
      expect(await bucket.get('a')).toEqual(value);
      expect(await bucket.get('empty')).toEqual(Buffer.alloc(0));
      expect(await bucket.get('A')).toBeUndefined();
      await bucket.put('a', Buffer.from('new'));
      expect((await bucket.get('a'))?.toString()).toBe('new');
      expect([await bucket.delete('a'), await bucket.delete('a')]).toEqual([true, false]);
      expect(await bucket.get('a')).toBeUndefined();
      expect((await store.bucket('other').get('a'))?.toString()).toBe('other');
    });

    test('replaces what a key holds, and nothing else', async () => {
      const bucket = (await fresh()).bucket('replace');
      const [one, other] = [Buffer.from('one'), Buffer.alloc(0)];
      expect(await bucket.replace('a', { from: one, to: other })).toBe(false);
      expect(await bucket.get('a')).toBeUndefined();
      const first = await Promise.all(
        [one, other].map((to) => bucket.replace('a', { from: undefined, to })),
      );
      expect(first.filter(Boolean)).toHaveLength(1);
      await bucket.put('a', other);
      expect(await bucket.replace('a', { from: undefined, to: one })).toBe(false);
      const second = await Promise.all(
        [1, 2, 3].map((to) => bucket.replace('a', { from: other, to: Buffer.of(to) })),
      );
      expect(second.filter(Boolean)).toHaveLength(1);
      expect(await bucket.get('a')).toEqual(Buffer.of(second.indexOf(true) + 1));
      const tooLong = bucket.replace('a', { from: undefined, to: Buffer.alloc(1_048_577) });
      await expect(tooLong).rejects.toMatchObject({ code: 'HAWSER_DNS_OPTIONS' });
    });

    test('lists keys in the order of their octets, by prefix and page by page', async () => {
      const bucket = (await fresh()).bucket('list');
      const keys = [
        'a',
        'a/',
        'a/1',
        'a/2',
        'a/\u{10FFFF}',
        'aé',
        'b',
        'é',
        '\u{FFFD}',
        '\u{1F600}',
      ];
      await Promise.all(keys.toReversed().map((key) => bucket.put(key, Buffer.from(key))));
      const list = async (listing?: BucketListing) =>
        (await bucket.list(listing)).map(({ key, value }) => {
          expect(value.toString()).toBe(key);
          return key;
        });
      const sorted = keys.toSorted((one, other) =>
        Buffer.compare(Buffer.from(one), Buffer.from(other)),
      );
      expect(await list()).toEqual(sorted);
      expect(await list({ prefix: 'a/' })).toEqual(['a/', 'a/1', 'a/2', 'a/\u{10FFFF}']);
      expect(await list({ prefix: 'a/', after: 'a/1' })).toEqual(['a/2', 'a/\u{10FFFF}']);
      expect(await list({ limit: 2 })).toEqual(['a', 'a/']);
      expect(await list({ prefix: 'none' })).toEqual([]);
    });

    test('is not touched by who goes on with the memory', async () => {
      const bucket = (await fresh()).bucket('memory');
      const value = Buffer.from('kept');
      const put = bucket.put('key', value);
      value.fill(0);
      await put;
      const read = await bucket.get('key');
      read?.fill(0);
      expect((await bucket.get('key'))?.toString()).toBe('kept');
    });

    test('takes names and sizes within its limits only', async () => {
      const store = await fresh();
      const bad = { code: 'HAWSER_DNS_OPTIONS' };
      for (const name of ['', 'A', 'a b', 'x'.repeat(65)])
        expect(() => store.bucket(name)).toThrow(expect.objectContaining(bad));
      const bucket = store.bucket('limits');
      await expect(bucket.put('', Buffer.alloc(0))).rejects.toMatchObject(bad);
      await expect(bucket.put('é'.repeat(257), Buffer.alloc(0))).rejects.toMatchObject(bad);
      await expect(bucket.put('k', Buffer.alloc(1_048_577))).rejects.toMatchObject(bad);
      await bucket.put('é'.repeat(256), Buffer.alloc(1_048_576, 7));
      expect((await bucket.get('é'.repeat(256)))?.length).toBe(1_048_576);
    });
  });
}
