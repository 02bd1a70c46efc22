import { createTestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { StoreError } from '../../src/errors.ts';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { memory } from '../../src/store/memory-store.ts';
import { type DynamicZoneOptions, dynamicZone } from '../../src/store/open-dynamic-zone.ts';
import type { ZoneStore } from '../../src/store/zone-store.ts';
import { createRRset } from '../../src/zone/rrset.ts';
import { heldStore } from './held-store.ts';

async function setUp(options: DynamicZoneOptions = {}) {
  const reactor = createTestReactor();
  const zone = await dynamicZone('example.net', { reactor, ...options });
  zone.started(reactor);
  /** Time passes, and what it causes is done. */
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 500) {
      reactor.clock.advance(Math.min(left, 500));
      for (let turn = 0; turn < 30; turn++) await Promise.resolve();
    }
  };
  const leases = () =>
    zone.leases().map(({ name, type, value }) => `${name} ${type} ${value as string}`);
  return { reactor, zone, pass, leases };
}

describe('leases', () => {
  test('a record goes when its time is over, by an ordinary change', async () => {
    const { reactor, zone, pass } = await setUp();
    const heard: number[] = [];
    zone.onChange(({ to }) => heard.push(to));
    await zone.set('a', 'A', '192.0.2.1', { leaseSeconds: 60 });
    await zone.set('b', 'A', '192.0.2.2');
    expect(zone.leases()).toEqual([
      {
        name: 'a.example.net',
        type: 'A',
        value: '192.0.2.1',
        expires: reactor.clock.epoch() + 60_000,
      },
    ]);
    await pass(59_000);
    expect(zone.get('a', 'A')).toEqual(['192.0.2.1']);
    await pass(2000);
    expect([zone.get('a'), zone.get('b', 'A'), zone.leases()]).toEqual([
      undefined,
      ['192.0.2.2'],
      [],
    ]);
    expect(heard).toEqual([2, 3, 4]);
    expect((await zone.journal(3))?.[0]?.changes.map(({ after }) => after?.type)).toContain(
      undefined,
    );
  });

  test('setting it again renews it, without a change of the zone', async () => {
    const { zone, pass } = await setUp();
    await zone.set('a', 'A', '192.0.2.1', { leaseSeconds: 60 });
    for (let times = 0; times < 5; times++) {
      await pass(50_000);
      expect(await zone.set('a', 'A', '192.0.2.1', { leaseSeconds: 60 })).toBe(false);
    }
    expect([zone.serial, zone.get('a', 'A')]).toEqual([2, ['192.0.2.1']]);
    await pass(62_000);
    expect(zone.get('a')).toBeUndefined();
  });

  test('setting it without a lease, or renewing it for good, makes it stay', async () => {
    const { zone, pass, leases } = await setUp();
    await zone.set('a', 'A', '192.0.2.1', { leaseSeconds: 60 });
    await zone.set('b', 'A', '192.0.2.2', { leaseSeconds: 60 });
    await zone.set('a', 'A', '192.0.2.1');
    expect(leases()).toEqual(['b.example.net A 192.0.2.2']);
    expect(await zone.renew('b', { leaseSeconds: undefined })).toBe(true);
    expect(await zone.renew('c', { leaseSeconds: 7 })).toBe(false);
    await pass(120_000);
    expect([zone.get('a', 'A'), zone.get('b', 'A')]).toEqual([['192.0.2.1'], ['192.0.2.2']]);
    expect(await zone.renew('a', { type: 'A', leaseSeconds: 5 })).toBe(true);
    await pass(7000);
    expect([zone.get('a'), zone.get('b', 'A')]).toEqual([undefined, ['192.0.2.2']]);
  });

  test('a record that is deleted or replaced takes its lease along', async () => {
    const { zone, pass, leases } = await setUp();
    await zone.set('a', 'A', '192.0.2.1', { leaseSeconds: 60 });
    await zone.delete('a');
    await zone.set('a', 'A', '192.0.2.1');
    await zone.set('b', 'A', ['192.0.2.1', '192.0.2.2'], { leaseSeconds: 60 });
    await zone.set('b', 'A', ['192.0.2.3']);
    expect(leases()).toEqual([]);
    await pass(120_000);
    expect([zone.get('a', 'A'), zone.get('b', 'A')]).toEqual([['192.0.2.1'], ['192.0.2.3']]);
  });

  test('each record of an RRset has its own, and others stay when one goes', async () => {
    const { reactor, zone, pass, leases } = await setUp();
    const name = Name.parse('a.example.net');
    const rrset = (...values: string[]) => createRRset(name, Type.A, { ttl: 60, values });
    const octets = (last: number) => Buffer.from([192, 0, 2, last]);
    const expires = reactor.clock.epoch() + 10_000;
    await zone.transact(() => ({
      edits: [{ name, type: Type.A, rrset: rrset('192.0.2.1', '192.0.2.2') }],
      leases: [
        { name, type: Type.A, rdata: octets(1), expires },
        { name, type: Type.A, rdata: octets(9), expires },
        { name, type: Type.AAAA, expires },
      ],
      result: undefined,
    }));
    // Another record comes: those that stay keep their leases.
    await zone.transact(() => ({
      edits: [{ name, type: Type.A, rrset: rrset('192.0.2.1', '192.0.2.2', '192.0.2.3') }],
      result: undefined,
    }));
    expect(leases()).toEqual(['a.example.net A 192.0.2.1']);
    await pass(12_000);
    expect(zone.get('a', 'A')).toEqual(['192.0.2.2', '192.0.2.3']);
  });

  test('a renewal that waits in the same batch as the sweep wins', async () => {
    const { store, hold, held, commit } = heldStore();
    const { reactor, zone, pass } = await setUp({ store });
    await zone.set('a', 'A', '192.0.2.1', { leaseSeconds: 10 });
    hold();
    const busy = zone.set('b', 'A', '192.0.2.2');
    const blocking = await commit(0);
    const renewing = zone.set('a', 'A', '192.0.2.1', { leaseSeconds: 60 });
    await pass(12_000);
    blocking.go();
    await busy;
    (await commit(1)).go();
    expect(await renewing).toBe(false);
    await pass(1000);
    expect([zone.get('a', 'A'), held.length]).toEqual([['192.0.2.1'], 2]);
    expect(zone.leases()[0]?.expires).toBeGreaterThan(reactor.clock.epoch());
  });

  test('survives a restart, also past its end', async () => {
    const store = memory();
    const first = await setUp({ store });
    await first.zone.set('a', 'A', '192.0.2.1', { leaseSeconds: 60 });
    await first.zone.set('b', 'A', '192.0.2.2', { leaseSeconds: 600 });
    await first.zone.stopped();
    await first.pass(100_000);
    expect(first.zone.get('a', 'A')).toEqual(['192.0.2.1']);
    const second = await dynamicZone('example.net', { store });
    second.started(first.reactor);
    await first.pass(1500);
    expect([second.get('a'), second.get('b', 'A')]).toEqual([undefined, ['192.0.2.2']]);
    expect(await second.journal(3)).toHaveLength(1);
    await second.stopped();
  });

  test('is taken from another process that renewed it', async () => {
    const store = memory();
    const { reactor, zone, pass } = await setUp({ store });
    await zone.set('a', 'A', '192.0.2.1', { leaseSeconds: 60 });
    const other = await dynamicZone('example.net', { store, reactor });
    await other.set('a', 'A', '192.0.2.1', { leaseSeconds: 600 });
    await pass(100_000);
    expect(zone.get('a', 'A')).toEqual(['192.0.2.1']);
  });

  test('end while one of two servers that share the zone still runs, and not after the last', async () => {
    const { reactor, zone, pass } = await setUp();
    zone.started(reactor);
    await zone.stopped();
    await zone.set('a', 'A', '192.0.2.1', { leaseSeconds: 60 });
    await pass(62_000);
    expect(zone.get('a')).toBeUndefined();
    await zone.set('b', 'A', '192.0.2.1', { leaseSeconds: 60 });
    await zone.stopped();
    expect(reactor.clock.timers).toBe(0);
  });

  test('end within a minute where the clock of the wall is set forward', async () => {
    const { reactor, zone, pass } = await setUp();
    const { clock } = reactor;
    await zone.set('a', 'A', '192.0.2.1', { leaseSeconds: 7 * 86_400 });
    const epoch = clock.epoch.bind(clock);
    clock.epoch = () => epoch() + 7 * 86_400_000;
    await pass(62_000);
    expect(zone.get('a')).toBeUndefined();
  });

  test('a store that fails is reported, and the sweep is tried again', async () => {
    const { store, hold, commit } = heldStore();
    const { reactor, zone, pass } = await setUp({ store });
    await zone.set('a', 'A', '192.0.2.1', { leaseSeconds: 10 });
    hold();
    await pass(12_000);
    (await commit(0)).fail(new StoreError('HAWSER_STORE_IO', 'disk full'));
    await pass(500);
    expect(reactor.reports.problems).toMatchObject([
      { where: 'dns.zone.leases', error: { message: 'disk full' } },
    ]);
    expect(zone.get('a', 'A')).toEqual(['192.0.2.1']);
    await pass(6000);
    (await commit(1)).go();
    await pass(500);
    expect(zone.get('a')).toBeUndefined();
  });

  test('are limited', async () => {
    const { zone, leases } = await setUp({ limits: { maxLeases: 2 } });
    await zone.set('a', 'A', ['192.0.2.1', '192.0.2.2'], { leaseSeconds: 60 });
    await expect(zone.set('b', 'A', '192.0.2.3', { leaseSeconds: 60 })).rejects.toMatchObject({
      code: 'HAWSER_DNS_ZONE',
    });
    expect([zone.get('b'), leases().length]).toEqual([undefined, 2]);
    await zone.set('a', 'A', ['192.0.2.2'], { leaseSeconds: 60 });
    await zone.set('b', 'A', '192.0.2.3', { leaseSeconds: 60 });
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 315_360_001])(
    'of %d seconds are none',
    async (leaseSeconds) => {
      const { zone } = await setUp();
      await expect(zone.set('a', 'A', '192.0.2.1', { leaseSeconds })).rejects.toMatchObject({
        code: 'HAWSER_DNS_OPTIONS',
      });
    },
  );

  test('SOA and NS of the zone do not go', async () => {
    const { zone, pass, leases } = await setUp();
    await zone.renew('@', { leaseSeconds: 5 });
    expect(leases()).toEqual([]);
    await pass(10_000);
    expect(zone.get('@', 'NS')).toHaveLength(1);
  });

  test('a thousand that end together go in one change', async () => {
    const { zone, pass } = await setUp();
    const names = Array.from({ length: 1000 }, (_, index) => `h${index}`);
    await zone.change(
      names.map((name) => ({ name, type: 'A', values: '192.0.2.1', leaseSeconds: 30 })),
    );
    const before = zone.serial;
    // Some turns more: so many are not swept in one.
    await pass(45_000);
    expect([zone.snapshot.size, zone.serial]).toEqual([1, before + 1]);
  });

  test.each([
    ['is not there', 'gone.example.net', Type.A],
    ['the zone cannot be without', 'example.net', Type.NS],
  ])('one that somebody stored, whose record %s, goes alone, and once', async (_, owner, type) => {
    const inner = memory();
    const made = await dynamicZone('example.net', { store: inner });
    const name = Name.parse(owner);
    let commits = 0;
    const rdata = made.snapshot.get(name, type)?.records[0]?.wire ?? Buffer.from([192, 0, 2, 1]);
    const orphan = { name, type, rdata, expires: 5_000 };
    const load: ZoneStore['load'] = async (origin) => {
      const content = await inner.load(origin);
      return content && { ...content, leases: [orphan] };
    };
    const commit: ZoneStore['commit'] = (changeSet, options) => {
      commits++;
      return inner.commit(changeSet, options);
    };
    const store: ZoneStore = {
      list: () => inner.list(),
      find: (origin) => inner.find(origin),
      load,
      leases: (origin) => inner.leases(origin),
      commit,
      journal: (origin, serial) => inner.journal(origin, serial),
      delete: (origin) => inner.delete(origin),
      watch: (reactor, listener) => inner.watch(reactor, listener),
      bucket: (bucket) => inner.bucket(bucket),
      close: () => inner.close(),
    };
    const { zone, pass, leases, reactor } = await setUp({ store });
    expect(zone.leases()).toHaveLength(1);
    await pass(120_000);
    expect([leases(), zone.serial, commits]).toEqual([[], 1, 1]);
    expect(reactor.reports.problems).toEqual([]);
  });
});
