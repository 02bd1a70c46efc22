import { createTestReactor, type TestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import type { CommitHook } from '../../src/contract/live-zone.ts';
import { StoreError } from '../../src/errors.ts';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import type { SoaValue } from '../../src/rdata/value.ts';
import { memory } from '../../src/store/memory-store.ts';
import { dynamicZone } from '../../src/store/open-dynamic-zone.ts';
import type { ListOptions } from '../../src/store/record-views.ts';
import type { ZoneChange } from '../../src/store/zone-change.ts';
import type { ZoneStore } from '../../src/store/zone-store.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { createRRset } from '../../src/zone/rrset.ts';
import { Zone } from '../../src/zone/zone.ts';
import { rrsetsFrom } from '../zone/zone-text.ts';
import { heldStore } from './held-store.ts';

describe('a dynamic zone', () => {
  test('is not made of stored records that are no zone: a fault of the store', async () => {
    const { store } = heldStore();
    const damaged: ZoneStore = {
      ...store,
      load: async (origin) => ({
        origin,
        serial: 1,
        revision: 1,
        edits: 0,
        pages: (async function* () {})(),
        leases: [],
      }),
    };
    await expect(dynamicZone('example.net', { store: damaged })).rejects.toMatchObject({
      name: 'StoreError',
      code: 'HAWSER_STORE_IO',
      message: expect.stringContaining('"example.net"'),
    });
  });

  test('begins with SOA and NS, and is loaded the next time', async () => {
    const store = memory();
    const zone = await dynamicZone('example.net', {
      store,
      ns: ['ns.example.org'],
      soa: { serial: 41 },
    });
    expect(zone.get('@')).toMatchObject({
      NS: ['ns.example.org'],
      SOA: { serial: 41, mname: 'ns.example.org' },
    });
    await zone.set('home', 'A', '192.0.2.7');
    const again = await dynamicZone('example.net', { store, ns: ['other.example.org'] });
    expect([again.serial, again.get('home.example.net', 'A'), again.get('@', 'NS')]).toEqual([
      42,
      ['192.0.2.7'],
      ['ns.example.org'],
    ]);
  });

  test('begins with the records it is given, and never has them again', async () => {
    const store = memory();
    const options = {
      store,
      ns: ['ns1.example.net'],
      ttl: 120,
      records: {
        ns1: { A: '192.0.2.53', AAAA: ['2001:db8::53'], ttl: 3600 },
        '@': { MX: '10 mail.example.net' },
        'home.lab.example.net': { A: ['192.0.2.7', '192.0.2.8'] },
      },
    };
    const zone = await dynamicZone('example.net', options);
    expect(zone.list().filter(({ type }) => type !== 'SOA')).toEqual([
      { name: 'example.net', type: 'NS', ttl: 3600, values: ['ns1.example.net'] },
      {
        name: 'example.net',
        type: 'MX',
        ttl: 120,
        values: [{ preference: 10, exchange: 'mail.example.net' }],
      },
      { name: 'home.lab.example.net', type: 'A', ttl: 120, values: ['192.0.2.7', '192.0.2.8'] },
      { name: 'ns1.example.net', type: 'A', ttl: 3600, values: ['192.0.2.53'] },
      { name: 'ns1.example.net', type: 'AAAA', ttl: 3600, values: ['2001:db8::53'] },
    ]);
    expect(zone.serial).toBe(1);
    await zone.delete('ns1');
    const again = await dynamicZone('example.net', options);
    expect([again.serial, again.get('ns1')]).toEqual([2, undefined]);
  });

  test('begins with the records it is given beside those of a zone, and instead of them', async () => {
    const origin = Name.parse('example.net');
    const made = rrsetsFrom('www A 192.0.2.1\nftp A 192.0.2.2', origin);
    const initial = Zone.of(origin, [...newZone(origin, { soa: { serial: 9 } }).rrsets(), ...made]);
    const zone = await dynamicZone('example.net', {
      initial,
      records: { www: { A: '192.0.2.3' }, ns1: { A: '192.0.2.53' } },
    });
    expect(['www', 'ftp', 'ns1'].map((name) => zone.get(name, 'A'))).toEqual([
      ['192.0.2.3'],
      ['192.0.2.2'],
      ['192.0.2.53'],
    ]);
    expect(zone.serial).toBe(9);
  });

  test.each([
    [{ 'ns1.example.org.': { A: '192.0.2.1' } }, 'HAWSER_DNS_OUT_OF_ZONE'],
    [{ ns1: { A: '192.0.2' } }, 'HAWSER_DNS_RDATA'],
    [{ ns1: { ADDRESS: '192.0.2.1' } }, 'HAWSER_DNS_NUMBER'],
    [{ 'a..b': { A: '192.0.2.1' } }, 'HAWSER_DNS_NAME'],
  ])('records it cannot begin with are told, stored or not: %j', async (records, code) => {
    const store = memory();
    await expect(dynamicZone('example.net', { store, records })).rejects.toMatchObject({ code });
    expect(await store.list()).toEqual([]);
    await dynamicZone('example.net', { store });
    await expect(dynamicZone('example.net', { store, records })).rejects.toMatchObject({ code });
  });

  test.each([-1, 1.5, 2 ** 31, Number.NaN])('takes no TTL of %d', async (ttl) => {
    const store = memory();
    await expect(dynamicZone('example.net', { store, ttl })).rejects.toMatchObject({
      code: 'HAWSER_DNS_OPTIONS',
    });
    expect(await store.list()).toEqual([]);
  });

  test('does not begin with another zone', async () => {
    const store = memory();
    const initial = newZone(Name.parse('example.org'));
    await expect(dynamicZone('example.net', { store, initial })).rejects.toMatchObject({
      code: 'HAWSER_DNS_OPTIONS',
      message: 'Cannot make zone "example.net" of zone "example.org"',
    });
    expect(await store.list()).toEqual([]);
  });

  test('takes names relative and whole, and gives plain data', async () => {
    const zone = await dynamicZone('example.net');
    expect(await zone.set('Home', 'A', ['192.0.2.7', '192.0.2.8', '192.0.2.7'], { ttl: 30 })).toBe(
      true,
    );
    expect(await zone.set('home.example.net', 'TXT', ['a', ['b', 'c']])).toBe(true);
    const held = { ttl: 30, A: ['192.0.2.7', '192.0.2.8'], TXT: ['a', ['b', 'c']] };
    expect(zone.get('home')).toEqual(held);
    expect(zone.get('HOME.example.net.')).toEqual(held);
    expect(zone.get('missing')).toBeUndefined();
    expect(zone.get('home', 'AAAA')).toBeUndefined();
    expect(() => zone.get('example.org.')).toThrow(
      expect.objectContaining({ code: 'HAWSER_DNS_OUT_OF_ZONE' }),
    );
    expect(zone.list().map(({ name, type }) => `${name} ${type}`)).toEqual([
      'example.net NS',
      'example.net SOA',
      'Home.example.net A',
      'Home.example.net TXT',
    ]);
    expect(JSON.parse(JSON.stringify(zone.list()[2]))).toEqual({
      name: 'Home.example.net',
      type: 'A',
      ttl: 30,
      values: ['192.0.2.7', '192.0.2.8'],
    });
  });

  test('takes one start of authority, and keeps what it has where it is given two', async () => {
    const zone = await dynamicZone('example.net');
    const soa = zone.get('@', 'SOA')?.[0] as SoaValue;
    const later = { ...soa, serial: 100 };
    await expect(zone.set('@', 'SOA', [soa, later])).rejects.toMatchObject({
      code: 'HAWSER_DNS_RDATA',
    });
    expect(await zone.set('@', 'SOA', later)).toBe(true);
    expect(zone.serial).toBe(100);
  });

  test('bumps the serial for each change and for nothing else, and skips 0', async () => {
    const zone = await dynamicZone('example.net', { soa: { serial: 0xffff_fffe } });
    const set = (value: string) => zone.set('x', 'A', value);
    expect([await set('192.0.2.1'), zone.serial]).toEqual([true, 0xffff_ffff]);
    expect([await set('192.0.2.1'), zone.serial]).toEqual([false, 0xffff_ffff]);
    expect([await set('192.0.2.2'), zone.serial]).toEqual([true, 1]);
    expect([await zone.delete('x', 'AAAA'), zone.serial]).toEqual([false, 1]);
    expect([await zone.delete('x'), zone.serial]).toEqual([true, 2]);
    expect([await zone.delete('x'), zone.serial]).toEqual([false, 2]);
  });

  test('asks the store for nothing when nothing changes', async () => {
    const { store, held, hold } = heldStore();
    const zone = await dynamicZone('example.net', { store });
    await zone.set('x', 'A', '192.0.2.1');
    hold();
    expect(await zone.set('X.example.net', 'A', ['192.0.2.1'])).toBe(false);
    expect(held).toEqual([]);
  });

  test('shows a change when it is stored and not before', async () => {
    const { store, hold, commit } = heldStore();
    const zone = await dynamicZone('example.net', { store });
    hold();
    const before = zone.snapshot;
    const setting = zone.set('x', 'A', '192.0.2.1');
    const stored = await commit(0);
    expect([zone.get('x'), zone.snapshot]).toEqual([undefined, before]);
    stored.go();
    expect(await setting).toBe(true);
    expect(zone.get('x', 'A')).toEqual(['192.0.2.1']);
    // Who holds the old snapshot sees no change.
    expect(before.serial).toBe(1);
  });

  test('keeps the old answer when the store fails, and takes the next change', async () => {
    const { store, hold, commit } = heldStore();
    const zone = await dynamicZone('example.net', { store });
    await zone.set('x', 'A', '192.0.2.1');
    hold();
    const failing = zone.set('x', 'A', '192.0.2.2');
    (await commit(0)).fail(new StoreError('HAWSER_STORE_IO', 'disk full'));
    await expect(failing).rejects.toMatchObject({ code: 'HAWSER_STORE_IO', exitCode: 74 });
    expect([zone.get('x', 'A'), zone.serial]).toEqual([['192.0.2.1'], 2]);
    const next = zone.set('x', 'A', '192.0.2.3');
    (await commit(1)).go();
    expect([await next, zone.get('x', 'A'), zone.serial]).toEqual([true, ['192.0.2.3'], 3]);
  });

  test('stores what is asked for meanwhile together; a bad wish fails alone', async () => {
    const { store, held, hold, commit } = heldStore();
    const zone = await dynamicZone('example.net', { store });
    hold();
    const first = zone.set('a', 'A', '192.0.2.1');
    const rest = [
      zone.set('b', 'A', '192.0.2.2'),
      zone.set('c', 'CNAME', 'a.example.net'),
      zone.change([
        { name: 'd', type: 'A', values: '192.0.2.4' },
        { name: 'c', type: 'A', values: '192.0.2.5' },
      ]),
      zone.set('b', 'A', '192.0.2.3'),
    ];
    const outcomes = Promise.allSettled(rest);
    (await commit(0)).go();
    expect(await first).toBe(true);
    (await commit(1)).go();
    expect((await outcomes).map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(held).toHaveLength(2);
    expect([zone.get('b', 'A'), zone.get('d'), zone.serial]).toEqual([['192.0.2.3'], undefined, 3]);
  });

  test.each([
    ['A', '192.0.2.256'],
    ['A', '2001:db8::1'],
    ['AAAA', '192.0.2.1'],
    ['TXT', 'x'.repeat(256)],
    ['MX', 'mail.example.net'],
    ['SRV', '1 2 65536 x'],
    ['CAA', { tag: 'not a tag', value: '' }],
    ['SOA', 'x'],
    ['CNAME', 'a..b'],
    ['TYPE65280', '\\# 2 00'],
    ['ANY', '\\# 0'],
    ['NONSENSE', 'x'],
  ])('does not take %s %j', async (type, value) => {
    const zone = await dynamicZone('example.net');
    await expect(zone.set('x', type, value)).rejects.toMatchObject({ name: 'UsageError' });
    expect(zone.serial).toBe(1);
  });

  test('cannot lose its SOA or NS, nor put data beside an alias', async () => {
    const zone = await dynamicZone('example.net');
    await zone.set('@', 'TXT', 'x');
    await zone.set('alias', 'CNAME', 'x.example.net');
    const bad = { code: 'HAWSER_DNS_ZONE' };
    await expect(zone.delete('@', 'NS')).rejects.toMatchObject(bad);
    await expect(zone.delete('@', 'SOA')).rejects.toMatchObject(bad);
    await expect(zone.set('alias', 'A', '192.0.2.1')).rejects.toMatchObject(bad);
    expect(await zone.delete('@')).toBe(true);
    expect(zone.get('@', 'NS')).toHaveLength(1);
  });

  test('tells listeners what changed, once it is served', async () => {
    const zone = await dynamicZone('example.net');
    const heard: ZoneChange[] = [];
    const subscription = zone.on('changed', (change) => {
      expect(zone.serial).toBe(change.serial);
      heard.push(change);
    });
    await zone.set('x', 'A', '192.0.2.1');
    await zone.delete('x');
    await zone.delete('x');
    subscription[Symbol.dispose]();
    await zone.set('y', 'A', '192.0.2.1');
    expect(heard).toEqual([
      {
        zone: 'example.net',
        serial: 2,
        changes: [{ name: 'x.example.net', type: 'A', ttl: 60, values: ['192.0.2.1'] }],
      },
      {
        zone: 'example.net',
        serial: 3,
        changes: [{ name: 'x.example.net', type: 'A', ttl: 60, values: [] }],
      },
    ]);
  });

  test('a listener that throws is reported and hinders nobody', async () => {
    const zone = await dynamicZone('example.net');
    const reactor = createTestReactor();
    zone.started(reactor);
    let heard = 0;
    zone.on('changed', () => {
      throw new Error('mine');
    });
    zone.on('changed', () => heard++);
    expect(await zone.set('x', 'A', '192.0.2.1')).toBe(true);
    expect(heard).toBe(1);
    expect(reactor.reports.problems).toMatchObject([
      { where: 'dns.zone.changed', error: { message: 'mine' } },
    ]);
  });
});

describe('a signed zone', () => {
  /** What a signer would do, near enough. */
  const signing: CommitHook = (_, { origin }) => {
    const signature = `SOA 13 2 60 20300101000000 20200101000000 1 @ AAAA`;
    const text = `@ RRSIG ${signature}\n@ DNSKEY 257 3 13 AAAA\n@ NSEC www NS SOA\nwww RRSIG ${signature}`;
    return rrsetsFrom(text, origin).map((rrset) => ({ name: rrset.name, type: rrset.type, rrset }));
  };
  const setUp = async () => {
    const zone = await dynamicZone('example.net', { hooks: [signing] });
    await zone.set('www', 'A', '192.0.2.1');
    const types = (options?: ListOptions) =>
      zone.list(options).map(({ name, type }) => `${name} ${type}`);
    return { zone, types };
  };
  const own = ['example.net NS', 'example.net SOA', 'www.example.net A'];

  test('lists the records of its user, and those of its signer where they are wanted', async () => {
    const { zone, types } = await setUp();
    expect(types()).toEqual(own);
    expect(types({ signer: true })).toEqual([
      'example.net NS',
      'example.net SOA',
      'example.net RRSIG',
      'example.net NSEC',
      'example.net DNSKEY',
      'www.example.net A',
      'www.example.net RRSIG',
    ]);
    expect(zone.get('www')).toEqual({ A: ['192.0.2.1'], ttl: 60 });
    expect(zone.get('www', 'RRSIG')).toHaveLength(1);
    expect(Object.keys(zone.get('@') ?? {}).toSorted()).toEqual(['NS', 'SOA', 'ttl']);
  });

  test('gives no lease to what the signer maintains, and keeps it when the origin is emptied', async () => {
    const { zone, types } = await setUp();
    await zone.set('@', 'TXT', 'x');
    expect(await zone.renew('www', { leaseSeconds: 60 })).toBe(true);
    expect(zone.leases().map(({ type }) => type)).toEqual(['A']);
    const changed: string[] = [];
    zone.on('changed', ({ changes }) => void changed.push(...changes.map(({ type }) => type)));
    expect(await zone.delete('@')).toBe(true);
    expect(changed).toEqual(['TXT']);
    expect(types()).toEqual(own);
  });
});

describe('a store that was restored from a backup', () => {
  test('goes on with a serial that nobody has seen, and without its journal', async () => {
    const store = memory();
    const zone = await dynamicZone('example.net', { store });
    await zone.set('a', 'A', '192.0.2.1');
    const told: (readonly [number | undefined, number])[] = [];
    zone.onChange(({ from, to }) => told.push([from, to]));
    await zone.raiseSerial(100);
    expect([zone.serial, told]).toEqual([100, [[2, 100]]]);
    expect(await zone.journal(1)).toBeUndefined();
    expect(await zone.journal(2)).toBeUndefined();
    await zone.set('a', 'A', '192.0.2.2');
    expect((await zone.journal(100))?.map(({ to }) => to)).toEqual([101]);
    expect((await dynamicZone('example.net', { store })).serial).toBe(101);
  });

  test.each([2, 1, 0, -1, 2.5, 2 ** 31 + 2, 2 ** 32, Number.NaN])(
    'does not go on with %d after 2',
    async (serial) => {
      const zone = await dynamicZone('example.net', { soa: { serial: 2 } });
      await expect(zone.raiseSerial(serial)).rejects.toMatchObject({ code: 'HAWSER_DNS_OPTIONS' });
      expect(zone.serial).toBe(2);
    },
  );
});

describe('a large zone', () => {
  const origin = Name.parse('example.net');
  const count = 5_000;
  const values = ['192.0.2.1'];
  const addresses = Array.from({ length: count }, (_, index) =>
    createRRset(Name.parse(`n${index}.example.net`), Type.A, { ttl: 60, values }),
  );
  const initial = Zone.of(origin, [...newZone(origin).rrsets(), ...addresses]);

  /** How often others had their turn while `work` was done. */
  async function turnsIn<T>(
    reactor: TestReactor,
    work: Promise<T>,
  ): Promise<{ result: T; turns: number }> {
    let turns = 0;
    let over = false;
    const done = work.finally(() => {
      over = true;
    });
    const others = (): void => {
      turns++;
      if (!over) reactor.clock.callSoon(others);
    };
    reactor.clock.callSoon(others);
    while (!over) await reactor.clock.elapse(1);
    return { result: await done, turns };
  }

  test('is made and loaded in turns', async () => {
    const reactor = createTestReactor();
    const store = memory();
    const options = { store, reactor, initial };
    const made = await turnsIn(reactor, dynamicZone('example.net', options));
    expect(made.turns).toBeGreaterThan(5);
    const loaded = await turnsIn(reactor, dynamicZone('example.net', { store, reactor }));
    expect(loaded.turns).toBeGreaterThan(5);
    expect(loaded.result.snapshot.size).toBe(count + 1);
  });

  test('has its names in order before a hook needs them, in turns', async () => {
    const reactor = createTestReactor();
    const store = memory();
    const plain = await turnsIn(reactor, dynamicZone('example.net', { store, reactor, initial }));
    const hook: CommitHook = (_, after) => {
      const { next } = after.neighbours(origin.key);
      const rrset = createRRset(origin, Type.TXT, { ttl: 60, values: next.name.toString() });
      return [{ name: origin, type: Type.TXT, rrset }];
    };
    const options = { store: memory(), reactor, initial, hooks: [hook] };
    const hooked = await turnsIn(reactor, dynamicZone('example.net', options));
    expect(hooked.turns).toBeGreaterThan(plain.turns + 10);
    expect(hooked.result.get('@', 'TXT')).toEqual(['n0.example.net']);
    expect(hooked.result.serial).toBe(initial.serial);
  });

  test('is compared in turns with what somebody else made of it', async () => {
    const reactor = createTestReactor();
    const store = memory();
    const options = { store, reactor, initial, journal: { maxChanges: 0 } };
    const { result: one } = await turnsIn(reactor, dynamicZone('example.net', options));
    const { result: other } = await turnsIn(reactor, dynamicZone('example.net', options));
    await one.set('x', 'A', '192.0.2.1');
    const { turns } = await turnsIn(reactor, other.refresh());
    expect(turns).toBeGreaterThan(10);
    expect([other.serial, other.get('x', 'A')]).toEqual([2, ['192.0.2.1']]);
  });
});
