import { createTestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import type { CommitHook, Decision } from '../../src/contract/live-zone.ts';
import { StoreError, usageError } from '../../src/errors.ts';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import type { SoaValue } from '../../src/rdata/value.ts';
import { memory } from '../../src/store/memory-store.ts';
import { dynamicZone } from '../../src/store/open-dynamic-zone.ts';
import type { ZoneStore } from '../../src/store/zone-store.ts';
import { secondaryZone } from '../../src/transfer/secondary-zone.ts';
import { createRRset } from '../../src/zone/rrset.ts';
import { serialOf } from '../../src/zone/soa-serial.ts';
import type { ChangeSet, Edit, Zone } from '../../src/zone/zone.ts';
import { zoneFile } from '../../src/zone-file/zone-file.ts';
import { heldStore } from './held-store.ts';

const origin = Name.parse('example.net');
const edit = (label: string, value: string | undefined): Edit => {
  const name = Name.parse(label).concat(origin);
  const rrset =
    value === undefined ? undefined : createRRset(name, Type.TXT, { ttl: 60, values: [value] });
  return { name, type: Type.TXT, rrset };
};
const textOf = (zone: Zone, label: string) =>
  zone.get(Name.parse(label).concat(origin), Type.TXT)?.records[0]?.wire.toString('latin1', 1);
/** Counts in a record: what it finds, and one more. */
const increment = (zone: Zone): Decision<number> => {
  const count = Number(textOf(zone, 'count') ?? 0) + 1;
  return { edits: [edit('count', String(count))], result: count };
};

describe('transact', () => {
  test('decisions of one batch see each other, and get their own result', async () => {
    const { store, hold, held, commit } = heldStore();
    const zone = await dynamicZone('example.net', { store });
    hold();
    const counts = Array.from({ length: 10 }, () => zone.transact(increment));
    (await commit(0)).go();
    await counts[0];
    (await commit(1)).go();
    expect((await Promise.all(counts)).map(({ result }) => result)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
    expect(held).toHaveLength(2);
    expect([zone.serial, textOf(zone.snapshot, 'count')]).toEqual([3, '10']);
  });

  test('tells who changed something how, and who did not, nothing', async () => {
    const zone = await dynamicZone('example.net');
    const outcomes = await Promise.all([
      zone.transact(() => ({ edits: [edit('a', '1')], result: 'first' })),
      zone.transact(() => ({ edits: [], result: 'nothing' })),
      zone.transact(() => ({ edits: [edit('b', '1')], result: 'more' })),
      zone.transact(() => ({ edits: [edit('a', '1')], result: 'again' })),
    ]);
    expect(outcomes.map(({ result, changeSet }) => [result, changeSet?.to])).toEqual([
      ['first', 2],
      ['nothing', undefined],
      ['more', 3],
      ['again', undefined],
    ]);
  });

  test('a decision that throws concerns nobody else, and stores nothing', async () => {
    const { store, held, hold, commit } = heldStore();
    const zone = await dynamicZone('example.net', { store });
    hold();
    const first = zone.transact(() => ({ edits: [edit('a', '1')], result: undefined }));
    const throwing = zone.transact(() => {
      throw new RangeError('mine');
    });
    const outside = zone.transact(() => ({
      edits: [edit('b', '1'), { ...edit('x', '1'), name: Name.parse('example.org') }],
      result: undefined,
    }));
    const last = zone.transact((seen) => ({ edits: [edit('c', '1')], result: textOf(seen, 'b') }));
    const outcomes = Promise.allSettled([throwing, outside, last]);
    (await commit(0)).go();
    await first;
    (await commit(1)).go();
    expect(await outcomes).toMatchObject([
      { status: 'rejected', reason: { message: 'mine' } },
      { status: 'rejected', reason: { code: 'HAWSER_DNS_OUT_OF_ZONE' } },
      { status: 'fulfilled', value: { result: undefined, changeSet: { from: 2, to: 3 } } },
    ]);
    expect(held).toHaveLength(2);
    expect(textOf(zone.snapshot, 'b')).toBeUndefined();
  });

  test('what cancels itself within a batch is stored by nobody', async () => {
    const { store, held, hold, commit } = heldStore();
    const zone = await dynamicZone('example.net', { store });
    hold();
    const first = zone.transact(() => ({ edits: [edit('a', '1')], result: undefined }));
    const added = zone.transact(() => ({ edits: [edit('b', '1')], result: undefined }));
    const removed = zone.transact(() => ({ edits: [edit('b', undefined)], result: undefined }));
    (await commit(0)).go();
    await Promise.all([first, added, removed]);
    expect([held.length, zone.serial]).toEqual([1, 2]);
  });

  test('each is told what its own edits changed, also where others have undone it', async () => {
    const { store, hold, commit } = heldStore();
    const zone = await dynamicZone('example.net', { store });
    hold();
    const first = zone.set('first', 'A', '192.0.2.1');
    const all = Promise.all([
      zone.set('a', 'A', '192.0.2.1'),
      zone.change([{ name: 'b', type: 'A', values: '192.0.2.2' }]),
      zone.delete('a'),
      zone.delete('a'),
    ]);
    (await commit(0)).go();
    await first;
    (await commit(1)).go();
    expect(await all).toEqual([
      true,
      {
        zone: 'example.net',
        serial: 3,
        changes: [{ name: 'b.example.net', type: 'A', ttl: 60, values: ['192.0.2.2'] }],
      },
      true,
      false,
    ]);
    // Nothing is left of these to be stored.
    const last = zone.set('last', 'A', '192.0.2.1');
    const added = zone.transact(() => ({ edits: [edit('c', '1')], result: undefined }));
    const removed = zone.transact(() => ({ edits: [edit('c', undefined)], result: undefined }));
    (await commit(2)).go();
    await last;
    expect([(await added).changeSet, (await removed).changeSet]).toMatchObject([
      { from: 4, to: 4, changes: [{ before: undefined, after: { type: Type.TXT } }] },
      { from: 4, to: 4, changes: [{ before: { type: Type.TXT }, after: undefined }] },
    ]);
    expect(zone.serial).toBe(4);
  });

  test('what a decision asks for is decided after it', async () => {
    const zone = await dynamicZone('example.net');
    const inner: Promise<unknown>[] = [];
    const order: (string | undefined)[] = [];
    const outer = zone.transact(() => {
      const asked = zone.transact((seen) => {
        order.push(textOf(seen, 'a'));
        return increment(seen);
      });
      inner.push(asked);
      order.push('outer');
      return { edits: [edit('a', '1')], result: undefined };
    });
    await Promise.all([outer, ...inner, zone.transact(increment)]);
    expect(order).toEqual(['outer', '1']);
    expect([zone.serial, textOf(zone.snapshot, 'count')]).toEqual([3, '2']);
  });

  test('a serial that was raised to is not lost to a SOA that is stored together with it', async () => {
    const { store, hold, commit } = heldStore();
    const zone = await dynamicZone('example.net', { store });
    const soa = zone.get('@', 'SOA')?.[0] as SoaValue;
    hold();
    const first = zone.set('a', 'A', '192.0.2.1');
    const raised = zone.raiseSerial(1000);
    const set = zone.set('@', 'SOA', { ...soa, serial: 7, minimum: 30 });
    (await commit(0)).go();
    await first;
    (await commit(1)).go();
    await Promise.all([raised, set]);
    expect([zone.serial, zone.snapshot.negativeTtl]).toEqual([1001, 30]);
  });

  test('a serial that is refused does not take the journal of others with it', async () => {
    const { store, hold, commit } = heldStore();
    const zone = await dynamicZone('example.net', { store });
    hold();
    const first = zone.set('a', 'A', '192.0.2.1');
    const outcomes = Promise.allSettled([zone.raiseSerial(1), zone.set('b', 'A', '192.0.2.1')]);
    (await commit(0)).go();
    await first;
    (await commit(1)).go();
    expect(await outcomes).toMatchObject([
      { status: 'rejected', reason: { code: 'HAWSER_DNS_OPTIONS' } },
      { status: 'fulfilled' },
    ]);
    expect((await zone.journal(1))?.map(({ to }) => to)).toEqual([2, 3]);
  });

  test('a decision may be of more edits than a call can have arguments', async () => {
    const zone = await dynamicZone('example.net');
    const edits = Array.from<Edit>({ length: 1_000_000 }).fill(edit('a', '1'));
    await zone.transact(() => ({ edits, result: undefined }));
    expect(textOf(zone.snapshot, 'a')).toBe('1');
  });

  test('more than 10,000 that wait are refused', async () => {
    const { store, hold, commit } = heldStore();
    const zone = await dynamicZone('example.net', { store });
    hold();
    const nothing = () => ({ edits: [], result: undefined });
    const first = zone.transact(() => ({ edits: [edit('a', '1')], result: undefined }));
    const waiting = Array.from({ length: 10_000 }, () => zone.transact(nothing));
    await expect(zone.transact(nothing)).rejects.toMatchObject({ code: 'HAWSER_STORE_IO' });
    (await commit(0)).go();
    await Promise.all([first, ...waiting]);
  });

  test('onChange hears of what is served, and the journal leads to it', async () => {
    const zone = await dynamicZone('example.net');
    const heard: ChangeSet[] = [];
    const subscription = zone.onChange((changeSet) => {
      expect(zone.serial).toBe(changeSet.to);
      heard.push(changeSet);
    });
    await zone.transact(increment);
    await zone.transact(increment);
    subscription[Symbol.dispose]();
    await zone.transact(increment);
    expect(heard.map(({ from, to }) => [from, to])).toEqual([
      [1, 2],
      [2, 3],
    ]);
    expect((await zone.journal(1))?.map(({ to }) => to)).toEqual([2, 3, 4]);
    expect(await zone.journal(4)).toEqual([]);
    expect(await zone.journal(5)).toBeUndefined();
  });

  test('the journal is at most twice as large as the zone, or 256 KiB, unless it is told otherwise', async () => {
    const held = heldStore();
    const zone = await dynamicZone('example.net', { store: held.store });
    const own = await dynamicZone('example.org', { store: held.store, journal: { maxBytes: 9 } });
    held.hold();
    const small = zone.set('a', 'TXT', 'x');
    expect((await held.commit(0)).options.journal).toMatchObject({ maxBytes: 256 * 1024 });
    held.held[0]?.go();
    await small;
    const values = Array.from({ length: 240 }, (_, index) => `${index}`.padEnd(255, 'x'));
    const names = ['b', 'c', 'd', 'e'];
    const large = zone.change(names.map((name) => ({ name, type: 'TXT', values })));
    const { maxBytes = 0 } = (await held.commit(1)).options.journal ?? {};
    expect(maxBytes / (2 * 4 * 240 * 258)).toBeCloseTo(1, 2);
    held.held[1]?.go();
    await large;
    const change = own.set('a', 'TXT', 'x');
    expect((await held.commit(2)).options.journal).toEqual({ maxBytes: 9 });
    held.held[2]?.go();
    await change;
  });

  test('the journal does not go beyond what is served', async () => {
    const store = memory();
    const zone = await dynamicZone('example.net', { store });
    const other = await dynamicZone('example.net', { store });
    await zone.transact(increment);
    await other.refresh();
    await zone.transact(increment);
    expect([other.serial, (await other.journal(1))?.map(({ to }) => to)]).toEqual([2, [2]]);
    expect(await other.journal(2)).toEqual([]);
  });
});

describe('commit hooks', () => {
  /** Writes down the serial of the SOA, as a signature would cover it. */
  const seal: CommitHook = (_, after) => [edit('seal', String(serialOf(after.soa)))];

  test('add to the same change, once for a batch, and see its final serial', async () => {
    const { store, held, hold, commit } = heldStore();
    const seen: (readonly [number | undefined, number])[] = [];
    const watch: CommitHook = (before, after) => {
      seen.push([before?.serial, after.serial]);
      return [];
    };
    const zone = await dynamicZone('example.net', { store, hooks: [seal, watch] });
    expect([zone.serial, textOf(zone.snapshot, 'seal')]).toEqual([1, '1']);
    hold();
    const all = Array.from({ length: 5 }, () => zone.transact(increment));
    (await commit(0)).go();
    await all[0];
    (await commit(1)).go();
    await Promise.all(all);
    expect(seen).toEqual([
      [undefined, 1],
      [1, 2],
      [2, 3],
    ]);
    expect(
      held.map(({ changeSet }) =>
        changeSet.changes.map(({ type }) => type).toSorted((a, b) => a - b),
      ),
    ).toEqual([
      [Type.SOA, Type.TXT, Type.TXT],
      [Type.SOA, Type.TXT, Type.TXT],
    ]);
    expect([zone.serial, textOf(zone.snapshot, 'seal')]).toEqual([3, '3']);
    expect((await zone.journal(1))?.at(-1)?.changes).toHaveLength(3);
  });

  test('see a serial that an edit or a policy chose', async () => {
    const epoch = { clock: { epoch: () => 1_700_000_000_000 } };
    const zone = await dynamicZone('example.net', {
      hooks: [seal],
      serials: 'unixtime',
      reactor: epoch as never,
    });
    await zone.transact(increment);
    expect([zone.serial, textOf(zone.snapshot, 'seal')]).toEqual([1_700_000_000, '1700000000']);
    const soa = zone.get('@', 'SOA')?.[0] as { serial: number };
    await zone.set('@', 'SOA', { ...soa, serial: 1_800_000_000 } as never);
    expect([zone.serial, textOf(zone.snapshot, 'seal')]).toEqual([1_800_000_000, '1800000000']);
  });

  test('one that throws refuses the change it throws for, and no other', async () => {
    const refuse: CommitHook = (_, after) => {
      if (textOf(after, 'bad') !== undefined) throw usageError('HAWSER_DNS_ZONE', 'not this');
      return [];
    };
    const { store, hold, commit } = heldStore();
    const zone = await dynamicZone('example.net', { store, hooks: [refuse] });
    hold();
    const put = (label: string) =>
      zone.transact(() => ({ edits: [edit(label, '1')], result: undefined }));
    const first = put('a');
    const outcomes = Promise.allSettled([put('b'), put('bad'), put('c')]);
    (await commit(0)).go();
    await first;
    (await commit(1)).go();
    (await commit(2)).go();
    expect((await outcomes).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(['a', 'b', 'bad', 'c'].map((label) => textOf(zone.snapshot, label))).toEqual([
      '1',
      '1',
      undefined,
      '1',
    ]);
  });
});

describe('limits', () => {
  const limited = async (limits: object) => dynamicZone('example.net', { limits });
  const refused = { code: 'HAWSER_DNS_ZONE', name: 'UsageError' };

  test('of names', async () => {
    const zone = await limited({ maxNames: 3 });
    await zone.set('a', 'A', '192.0.2.1');
    await zone.set('b', 'A', '192.0.2.1');
    await expect(zone.set('c', 'A', '192.0.2.1')).rejects.toMatchObject(refused);
    await zone.set('a', 'AAAA', '2001:db8::1');
    await zone.delete('a');
    await zone.set('c', 'A', '192.0.2.1');
  });

  test('of records', async () => {
    const zone = await limited({ maxRecords: 4 });
    await zone.set('a', 'A', ['192.0.2.1', '192.0.2.2']);
    await expect(zone.set('b', 'A', '192.0.2.1')).rejects.toMatchObject(refused);
    await zone.set('a', 'A', '192.0.2.3');
    await zone.set('b', 'A', '192.0.2.1');
  });

  test('of records of one name and type', async () => {
    const zone = await limited({ maxRecordsPerRRset: 2 });
    await zone.set('a', 'A', ['192.0.2.1', '192.0.2.2']);
    const three = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
    await expect(zone.set('a', 'A', three)).rejects.toMatchObject(refused);
  });

  test('of types of one name; who is beyond it may still change what is there', async () => {
    const store = memory();
    const before = await dynamicZone('example.net', { store });
    for (const type of ['A', 'AAAA', 'TXT']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await before.set('a', type, { A: '192.0.2.1', AAAA: '2001:db8::1' }[type] ?? 'x');
    }
    const zone = await dynamicZone('example.net', { store, limits: { maxTypesPerName: 2 } });
    await zone.set('a', 'TXT', 'y');
    await zone.set('b', 'TXT', 'y');
    await expect(zone.set('a', 'CAA', '0 issue "x"')).rejects.toMatchObject(refused);
    await zone.delete('a', 'TXT');
    await expect(zone.set('a', 'TXT', 'z')).rejects.toMatchObject(refused);
  });

  test('of octets; who is beyond one may still shrink', async () => {
    const store = memory();
    const large = await dynamicZone('example.net', { store });
    await large.set('a', 'TXT', 'x'.repeat(200));
    await large.set('b', 'TXT', 'x'.repeat(200));
    const zone = await dynamicZone('example.net', { store, limits: { maxBytes: 300 } });
    await expect(zone.set('c', 'TXT', 'x')).rejects.toMatchObject(refused);
    await zone.set('b', 'TXT', 'x'.repeat(150));
    await zone.delete('b');
    await zone.delete('a');
    await zone.set('c', 'TXT', 'x');
  });

  test('that are no numbers are refused', async () => {
    await expect(limited({ maxNames: -1 })).rejects.toMatchObject({ code: 'HAWSER_DNS_OPTIONS' });
    await expect(limited({ maxBytes: Number.NaN })).rejects.toMatchObject({
      code: 'HAWSER_DNS_OPTIONS',
    });
  });
});

test.each([{ maxChanges: -1 }, { maxBytes: -1 }, { maxChanges: Number.NaN }, { maxBytes: 0.5 }])(
  'a journal of %j is refused',
  async (journal) => {
    const code = 'HAWSER_DNS_OPTIONS';
    await expect(dynamicZone('example.net', { journal })).rejects.toMatchObject({ code });
    const copy = (): unknown => secondaryZone('example.net', { primaries: ['192.0.2.1'], journal });
    expect(copy).toThrow(expect.objectContaining({ code }));
    await expect(zoneFile('example.net', 'none.zone', { journal })).rejects.toMatchObject({ code });
  },
);

describe('a store that fails', () => {
  test('after it has stored: the zone finds out before it goes on', async () => {
    const { store, hold, commit } = heldStore();
    const zone = await dynamicZone('example.net', { store });
    const heard: number[] = [];
    zone.onChange(({ to }) => heard.push(to));
    hold();
    const lost = zone.transact(increment);
    (await commit(0)).fail(new StoreError('HAWSER_STORE_IO', 'connection lost'), 'stored');
    await expect(lost).rejects.toMatchObject({ code: 'HAWSER_STORE_IO' });
    expect(zone.serial).toBe(1);
    const next = zone.transact(increment);
    (await commit(1)).go();
    expect(await next).toMatchObject({ result: 2, changeSet: { from: 2, to: 3 } });
    expect(heard).toEqual([2, 3]);
  });

  test('after it has stored: the zone serves that once the store answers, though nobody asks for more', async () => {
    const reactor = createTestReactor();
    const { store, hold, commit } = heldStore();
    let isDown = false;
    const find: ZoneStore['find'] = (origin) =>
      isDown ? Promise.reject(new StoreError('HAWSER_STORE_IO', 'down')) : store.find(origin);
    const zone = await dynamicZone('example.net', { store: { ...store, find }, reactor });
    zone.started(reactor);
    const heard: number[] = [];
    zone.onChange(({ to }) => heard.push(to));
    hold();
    const lost = zone.transact(increment);
    (await commit(0)).fail(new StoreError('HAWSER_STORE_IO', 'connection lost'), 'stored');
    isDown = true;
    await expect(lost).rejects.toMatchObject({ code: 'HAWSER_STORE_IO' });
    await reactor.clock.elapse(6_000);
    expect([zone.serial, heard]).toEqual([1, []]);
    isDown = false;
    await reactor.clock.elapse(30_000);
    expect([zone.serial, heard]).toEqual([2, [2]]);
    expect(reactor.reports.problems).toEqual([]);
    await zone.stopped();
  });

  test('is not asked again after the zone has stopped', async () => {
    const reactor = createTestReactor();
    const { store, hold, commit } = heldStore();
    let finds = 0;
    const find: ZoneStore['find'] = (origin) => {
      finds++;
      return store.find(origin);
    };
    const zone = await dynamicZone('example.net', { store: { ...store, find }, reactor });
    zone.started(reactor);
    hold();
    const lost = zone.transact(increment);
    (await commit(0)).fail(new StoreError('HAWSER_STORE_IO', 'connection lost'));
    await expect(lost).rejects.toMatchObject({ code: 'HAWSER_STORE_IO' });
    await zone.stopped();
    await reactor.clock.elapse(60_000);
    expect(finds).toBe(0);
  });

  test('a zone that another one of the same store changed takes that in and decides again', async () => {
    const store = memory();
    const [one, other] = await Promise.all([
      dynamicZone('example.net', { store }),
      dynamicZone('example.net', { store }),
    ]);
    const heard: (readonly [number | undefined, number])[] = [];
    one.onChange(({ from, to }) => heard.push([from, to]));
    await other.transact(increment);
    await other.transact(increment);
    expect(await one.transact(increment)).toMatchObject({
      result: 3,
      changeSet: { from: 3, to: 4 },
    });
    expect(heard).toEqual([
      [1, 2],
      [2, 3],
      [3, 4],
    ]);
    await other.refresh();
    expect([other.serial, textOf(other.snapshot, 'count')]).toEqual([4, '3']);
  });

  test('a zone is not loaded again as somebody was faster once more while it caught up', async () => {
    const store = memory();
    const other = await dynamicZone('example.net', { store });
    let loads = 0;
    let faster = 3;
    const zone = await dynamicZone('example.net', {
      store: {
        list: () => store.list(),
        load: (name) => {
          loads++;
          return store.load(name);
        },
        find: async (name) => {
          const found = await store.find(name);
          if (faster-- > 0) await other.transact(increment);
          return found;
        },
        leases: (name) => store.leases(name),
        journal: (name, serial) => store.journal(name, serial),
        commit: (changeSet, options) => store.commit(changeSet, options),
        delete: (name) => store.delete(name),
        watch: (reactor, listener) => store.watch(reactor, listener),
        bucket: (name) => store.bucket(name),
        close: () => store.close(),
      },
    });
    loads = 0;
    const heard: ChangeSet[] = [];
    zone.onChange((changeSet) => heard.push(changeSet));
    await other.transact(increment);
    expect(await zone.transact(increment)).toMatchObject({ result: 5 });
    expect(heard.map(({ from, to }) => [from, to])).toEqual([
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 5],
      [5, 6],
    ]);
    expect(loads).toBe(0);
  });

  test('a zone that is not in the store any more is served, and not changed', async () => {
    const store = memory();
    const zone = await dynamicZone('example.net', { store });
    await zone.transact(increment);
    await store.delete(origin);
    await expect(zone.transact(increment)).rejects.toMatchObject({ code: 'HAWSER_STORE_IO' });
    expect(textOf(zone.snapshot, 'count')).toBe('1');
  });

  test('a journal that is lost is no reason to miss a change', async () => {
    const store = memory();
    const journal = { maxChanges: 1 };
    const zone = await dynamicZone('example.net', { store });
    const other = await dynamicZone('example.net', { store, journal });
    const heard: ChangeSet[] = [];
    zone.onChange((changeSet) => heard.push(changeSet));
    for (let count = 0; count < 5; count++) await other.transact(increment);
    await zone.refresh();
    expect(heard.map(({ from, to }) => [from, to])).toEqual([[1, 6]]);
    expect(heard[0]?.changes).toHaveLength(2);
    expect(textOf(zone.snapshot, 'count')).toBe('5');
  });
});
