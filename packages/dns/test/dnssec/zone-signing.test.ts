import { inspect } from 'node:util';
import { createTestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { type ParentDs, parentDsFrom } from '../../src/dnssec/parent-ds.ts';
import { generateKey } from '../../src/dnssec/signing-key.ts';
import { validateZone } from '../../src/dnssec/validate-zone.ts';
import { zoneSigning } from '../../src/dnssec/zone-signing.ts';
import type { ZoneSigningOptions } from '../../src/dnssec/zone-signing-options.ts';
import { StoreError } from '../../src/errors.ts';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { rdataToText } from '../../src/rdata/rdata-text.ts';
import { memory } from '../../src/store/memory-store.ts';
import { type DynamicZoneOptions, dynamicZone } from '../../src/store/open-dynamic-zone.ts';
import type { ZoneStore } from '../../src/store/zone-store.ts';
import { createRRset } from '../../src/zone/rrset.ts';
import type { Zone } from '../../src/zone/zone.ts';
import { heldStore } from '../store/held-store.ts';
import { apex, zoneFrom } from '../zone/zone-text.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

async function setUp(options: ZoneSigningOptions = {}, more: DynamicZoneOptions = {}) {
  const reactor = createTestReactor();
  const store = more.store ?? memory();
  const signing = zoneSigning(options);
  const zone = await dynamicZone('example.net', { reactor, store, signing, ...more });
  zone.started(reactor);
  const settle = async () => {
    for (let turn = 0; turn < 60; turn++) await Promise.resolve();
  };
  /** Time passes, and what it causes is done. */
  const pass = async (ms: number, stepMs = MINUTE) => {
    for (let left = ms; left > 0; left -= stepMs) {
      reactor.clock.advance(Math.min(left, stepMs));
      await settle();
    }
  };
  const validate = () =>
    validateZone(zone.snapshot, { atSeconds: Math.floor(reactor.clock.epoch() / 1000) });
  const states = () => signing.keys.map(({ role, state }) => `${role} ${state}`);
  return { reactor, store, signing, zone, pass, validate, states };
}

/** Tags of the keys that signed something, and of those in DNSKEY, in CDS. */
function tagsOf(zone: Zone) {
  const signers = new Set<number>();
  const keySigners = new Set<number>();
  for (const { type, records } of zone.rrsets()) {
    if (type !== Type.RRSIG) continue;
    for (const { wire } of records) {
      const set = wire.readUInt16BE(0) === Type.DNSKEY ? keySigners : signers;
      if (
        ![Type.CDS, Type.CDNSKEY].some((each) => each === wire.readUInt16BE(0)) ||
        set === keySigners
      )
        set.add(wire.readUInt16BE(16));
    }
  }
  const cds = zone.apex.get(Type.CDS)?.records.map(({ wire }) => wire.readUInt16BE(0)) ?? [];
  return { signers: ascending(signers), keySigners: ascending(keySigners), cds };
}

/** Of all there is, signatures and keys included. */
function typesOf(zone: Zone): number[] {
  return [...zone.rrsets()].map(({ type }) => type);
}

/** The methods of a store, to be replaced one by one. */
function storeMethods(store: ZoneStore): ZoneStore {
  return {
    list: () => store.list(),
    find: (origin) => store.find(origin),
    load: (origin) => store.load(origin),
    leases: (origin) => store.leases(origin),
    commit: (changeSet, options) => store.commit(changeSet, options),
    journal: (origin, serial) => store.journal(origin, serial),
    delete: (origin) => store.delete(origin),
    watch: (reactor, listener) => store.watch(reactor, listener),
    bucket: (name) => store.bucket(name),
    close: () => store.close(),
  };
}

function ascending(tags: Iterable<number>): number[] {
  return [...tags].sort((one, other) => one - other);
}

function dsRRset(texts: readonly string[], ttl = 3600): ParentDs | undefined {
  if (texts.length === 0) return undefined;
  return createRRset(Name.parse('example.net'), Type.DS, { ttl, values: texts });
}

describe('a zone with signing', () => {
  test('is signed when it is made, and after each change', async () => {
    const { zone, validate, signing } = await setUp();
    expect(validate()).toEqual([]);
    await zone.set('www', 'A', '192.0.2.1');
    await zone.set('sub', 'NS', 'ns.elsewhere.example');
    expect(validate()).toEqual([]);
    expect(zone.get('@', 'CDS')).toHaveLength(1);
    expect(signing.ds).toHaveLength(1);
    expect(zone.get('@', 'DNSKEY')).toMatchObject([{ flags: 257, protocol: 3, algorithm: 13 }]);
  });

  test('keeps its keys in the store, and signs on with them', async () => {
    const { store, signing, zone } = await setUp();
    await zone.stopped();
    const again = await setUp({}, { store });
    expect(again.signing.ds).toEqual(signing.ds);
    expect(again.zone.serial).toBe(zone.serial);
    expect(again.validate()).toEqual([]);
  });

  test('a zone that is stored without signatures is signed when it is opened', async () => {
    const store = memory();
    await dynamicZone('example.net', { store, initial: zoneFrom('www A 192.0.2.1') });
    const { zone, validate } = await setUp({}, { store });
    expect(validate()).toEqual([]);
    expect(zone.serial).toBe(2);
  });

  test('what somebody else signed is replaced, NSEC3 included', async () => {
    const initial = zoneFrom(`
      ${apex}
      @ NSEC3PARAM 1 0 0 -
      @ DNSKEY 257 3 13 ${Buffer.alloc(64, 1).toString('base64')}
      @ RRSIG SOA 13 2 300 20300101000000 20200101000000 1 example.net. ${Buffer.alloc(64).toString('base64')}
      k8udemvp1j2f7eg6jebps17vp3n8i58h NSEC3 1 0 0 - l8udemvp1j2f7eg6jebps17vp3n8i58h A
      www A 192.0.2.1
    `);
    const { zone, validate } = await setUp({}, { initial });
    expect(validate()).toEqual([]);
    expect(zone.get('@', 'DNSKEY')).toHaveLength(1);
    expect(zone.get('k8udemvp1j2f7eg6jebps17vp3n8i58h')).toBeUndefined();
  });

  test('a large zone is signed in batches', async () => {
    const hosts = Array.from({ length: 400 }, (_, host) => `host${host} A 192.0.2.1`);
    const { validate } = await setUp({}, { initial: zoneFrom(hosts.join('\n')) });
    expect(validate()).toEqual([]);
  });

  test('a large change is signed in batches, and leaves no gap', async () => {
    const { zone, validate } = await setUp();
    const hosts = Array.from({ length: 300 }, (_, host) => `host${host}`);
    await zone.change(hosts.map((name) => ({ name, type: 'A', values: '192.0.2.1' })));
    expect(validate()).toEqual([]);
    await zone.set('a.host7', 'A', '192.0.2.1');
    await zone.change([
      ...hosts.filter((name) => name !== 'host250').map((name) => ({ name, type: 'A' })),
      { name: 'between', type: 'NS', values: 'ns.elsewhere.test' },
    ]);
    expect(validate()).toEqual([]);
    const next = zone.snapshot.apex.get(Type.NSEC)?.records[0];
    expect(next && rdataToText(Type.NSEC, next)).toMatch(/^between\.example\.net\. /);
  });

  test('a change makes as few signatures as it can', async () => {
    const { zone } = await setUp();
    for (let host = 0; host < 20; host++) await zone.set(`host${host}`, 'A', '192.0.2.1');
    const changed = async (change: () => Promise<unknown>) => {
      const before = zone.serial;
      await change();
      const [changeSet] = (await zone.journal(before)) ?? [];
      return changeSet?.changes
        .map(({ name, type }) => `${name.relativeTo(zone.origin)} ${type}`)
        .sort();
    };
    const { SOA, A, RRSIG, NSEC } = Type;
    expect(await changed(() => zone.set('host3', 'A', '192.0.2.2'))).toEqual(
      [`@ ${SOA}`, `@ ${RRSIG}`, `host3 ${A}`, `host3 ${RRSIG}`].sort(),
    );
    expect(await changed(() => zone.set('host3a', 'A', '192.0.2.2'))).toEqual(
      [
        `@ ${SOA}`,
        `@ ${RRSIG}`,
        `host3 ${NSEC}`,
        `host3 ${RRSIG}`,
        `host3a ${A}`,
        `host3a ${NSEC}`,
        `host3a ${RRSIG}`,
      ].sort(),
    );
  });

  test('signatures somebody else writes are not believed', async () => {
    const { zone, validate } = await setUp();
    await zone.set('www', 'A', '192.0.2.1');
    const held = zone.snapshot.get(Name.parse('www.example.net'), Type.RRSIG)?.records ?? [];
    expect(held).toHaveLength(2);
    const forged = held.map(({ wire }) => {
      const octets = Buffer.from(wire);
      octets[octets.length - 1] = (octets.at(-1) ?? 0) ^ 1;
      return octets;
    });
    await zone.set('www', 'RRSIG', forged);
    await zone.set('www', 'NSEC', { next: 'example.net', types: ['A'] });
    expect(validate()).toEqual([]);
    await zone.delete('www', 'NSEC');
    await zone.delete('www', 'RRSIG');
    expect(validate()).toEqual([]);
  });

  test('a KSK signs the keys and a ZSK the rest', async () => {
    const { zone, validate, signing } = await setUp({ style: 'ksk-zsk', algorithm: 'ED25519' });
    const [ksk, zsk] = signing.keys;
    expect(validate()).toEqual([]);
    expect(tagsOf(zone.snapshot).keySigners).toEqual([ksk?.tag]);
    expect(tagsOf(zone.snapshot).signers).toContain(zsk?.tag);
  });

  test('secrets are not shown', async () => {
    const key = generateKey();
    const { signing } = await setUp({ keys: [key] });
    const secret = key.exportPrivateKey().subarray(-32);
    const shown = `${inspect(signing, { depth: 9, showHidden: true })}${JSON.stringify(signing)}${inspect(key, { showHidden: true })}${JSON.stringify(key)}`;
    for (const form of ['hex', 'base64', 'latin1'] as const)
      expect(shown).not.toContain(secret.toString(form).slice(0, 20));
  });

  test.each([
    { digests: [] },
    { digests: [2, 1] as unknown as [2] },
    { style: 'CSK' as 'csk' },
    { keyTtl: -1 },
  ])('cannot be set up with %j', (options) => {
    expect(() => zoneSigning(options)).toThrow(
      expect.objectContaining({ code: 'HAWSER_DNS_OPTIONS' }),
    );
  });

  test('signs one zone and no second one', async () => {
    const { signing } = await setUp();
    await expect(dynamicZone('example.org', { signing })).rejects.toMatchObject({
      code: 'HAWSER_DNS_OPTIONS',
    });
  });

  test('signs one of two zones that are opened at the same time', async () => {
    const store = memory();
    const signing = zoneSigning();
    const opened = await Promise.allSettled(
      ['example.net', 'example.net'].map((origin) => dynamicZone(origin, { store, signing })),
    );
    const refused = opened.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    expect(refused).toMatchObject([{ code: 'HAWSER_DNS_OPTIONS' }]);
  });

  // Before the zone is read, and when it is made.
  test.each(['load', 'commit'] as const)(
    'signs a zone whose store failed in %s',
    async (method) => {
      const store = memory();
      const failing = {
        ...storeMethods(store),
        [method]: () => Promise.reject(new StoreError('HAWSER_STORE_IO', 'Cannot reach it')),
      };
      const signing = zoneSigning();
      const failed = dynamicZone('example.net', { store: failing, signing });
      await expect(failed).rejects.toThrow('Cannot reach it');
      const other = dynamicZone('example.org', { store, signing });
      await expect(other).rejects.toMatchObject({ code: 'HAWSER_DNS_OPTIONS' });
      const zone = await dynamicZone('example.net', { store, signing });
      expect(validateZone(zone.snapshot)).toEqual([]);
      const again = dynamicZone('example.net', { store, signing });
      await expect(again).rejects.toMatchObject({ code: 'HAWSER_DNS_OPTIONS' });
    },
  );

  test('signs a zone whose store failed when the keys were put into it', async () => {
    const { store, hold, commit } = heldStore();
    await dynamicZone('example.net', { store });
    hold();
    const signing = zoneSigning();
    const failed = dynamicZone('example.net', { store, signing });
    (await commit(0)).fail(new StoreError('HAWSER_STORE_IO', 'Cannot reach it'));
    await expect(failed).rejects.toThrow('Cannot reach it');
    const opening = dynamicZone('example.net', { store, signing });
    (await commit(1)).go();
    const zone = await opening;
    expect(validateZone(zone.snapshot)).toEqual([]);
  });
});

describe('signatures', () => {
  test('are renewed before they end, not all at once', async () => {
    const { zone, pass, validate } = await setUp();
    for (let host = 0; host < 30; host++) await zone.set(`host${host}`, 'A', '192.0.2.1');
    const { serial } = zone;
    await pass(9 * DAY, HOUR);
    expect(zone.serial).toBe(serial);
    const serials = new Set<number>();
    for (let day = 9; day < 40; day++) {
      await pass(DAY, HOUR);
      serials.add(zone.serial);
      expect(validate()).toEqual([]);
    }
    expect(serials.size).toBeGreaterThan(4);
  });

  test('are renewed in time where each name has many, all made at the same time', async () => {
    const initial = zoneFrom(
      Array.from({ length: 100 }, (_, host) =>
        ['A 192.0.2.1', 'AAAA 2001:db8::1', 'TXT a', 'MX 0 .', 'SSHFP 1 1 00', 'CAA 0 iodef a']
          .map((record) => `host${host} ${record}`)
          .join('\n'),
      ).join('\n'),
    );
    const { pass, validate, zone } = await setUp({}, { initial });
    expect(zone.snapshot.size).toBeGreaterThan(100);
    await pass(12 * DAY, HOUR);
    for (let day = 12; day < 18; day++) {
      expect(validate()).toEqual([]);
      await pass(DAY, HOUR);
    }
  });

  test('that ended while nobody was there are made anew before the zone is served', async () => {
    const { store, zone, reactor } = await setUp();
    await zone.stopped();
    reactor.clock.advance(30 * DAY);
    const signing = zoneSigning();
    const again = await dynamicZone('example.net', { reactor, store, signing });
    const atSeconds = Math.floor(reactor.clock.epoch() / 1000);
    expect(validateZone(zone.snapshot, { atSeconds })).not.toEqual([]);
    expect(validateZone(again.snapshot, { atSeconds })).toEqual([]);
  });

  test('of some names that ended while nobody was there are made anew before it is served', async () => {
    const { store, zone, reactor } = await setUp();
    for (let host = 0; host < 20; host++) await zone.set(`host${host}`, 'A', '192.0.2.1');
    await zone.set('@', 'TXT', 'old');
    // Nobody looks after the signatures, and the origin is signed again.
    await zone.stopped();
    reactor.clock.advance(10 * DAY);
    const soa = zone.snapshot.apex.list.filter(({ type }) => type !== Type.NSEC);
    await zone.transact((content) => ({
      edits: [
        { name: content.origin, type: Type.TXT, rrset: undefined },
        { name: content.origin, type: Type.RRSIG, rrset: undefined },
      ],
      result: soa,
    }));
    reactor.clock.advance(5 * DAY);
    const atSeconds = Math.floor(reactor.clock.epoch() / 1000);
    expect(validateZone(zone.snapshot, { atSeconds })).not.toEqual([]);
    expect(validateZone(zone.snapshot, { atSeconds }).join()).not.toContain(
      'example.net: record SOA',
    );
    const signing = zoneSigning();
    const again = await dynamicZone('example.net', { reactor, store, signing });
    expect(validateZone(again.snapshot, { atSeconds })).toEqual([]);
    expect(again.serial).toBe(zone.serial + 1);
  });

  test('made by a clock that was ahead are made anew', async () => {
    const { zone, reactor, pass, validate } = await setUp();
    const real = reactor.clock.epoch.bind(reactor.clock);
    reactor.clock.epoch = () => real() + 5 * DAY;
    await zone.set('www', 'A', '192.0.2.1');
    await zone.set('www', 'TXT', 'late');
    reactor.clock.epoch = real;
    // The origin is right again with the next change, and other names are not.
    await zone.set('other', 'A', '192.0.2.1');
    expect(validate()).not.toEqual([]);
    await pass(12 * HOUR);
    expect(validate()).toEqual([]);
  });

  test('of NSEC have the TTL of negative answers as soon as it changes', async () => {
    const { zone, validate } = await setUp();
    await zone.set('www', 'A', '192.0.2.1');
    const [soa] = zone.get('@', 'SOA') ?? [];
    const before = zone.snapshot.get(Name.parse('www.example.net'), Type.RRSIG)?.records ?? [];
    for (const [minimum, ttl, negative] of [
      [30, 3600, 30],
      [600, 3600, 600],
      [600, 20, 20],
    ] as const) {
      await zone.set('@', 'SOA', { ...(soa as object), minimum } as never, { ttl });
      const nsecs = [...zone.snapshot.rrsets()].filter(({ type }) => type === Type.NSEC);
      expect(nsecs.map((nsec) => nsec.ttl)).toEqual([negative, negative]);
      expect(validate()).toEqual([]);
    }
    // What did not change is not signed again.
    const after = zone.snapshot.get(Name.parse('www.example.net'), Type.RRSIG)?.records ?? [];
    const same = after.filter(({ wire }) => before.some((each) => each.wire.equals(wire)));
    expect(same.map(({ wire }) => wire.readUInt16BE(0))).toEqual([Type.A]);
  });
});

describe('a rollover', () => {
  test('of a CSK waits for caches, and for the parent', async () => {
    let parent: readonly string[] = [];
    const { zone, signing, pass, validate, states } = await setUp({
      parentDs: async () => dsRRset(parent),
    });
    parent = signing.ds;
    await zone.set('www', 'A', '192.0.2.1', { ttl: 7200 });
    await pass(HOUR);
    const [old] = signing.keys;
    await signing.rollover();
    await expect(signing.rollover()).rejects.toMatchObject({ code: 'HAWSER_DNS_KEY' });
    expect(states()).toEqual(['csk active', 'csk published']);
    const fresh = signing.keys[1];
    const both = ascending([old?.tag ?? 0, fresh?.tag ?? 0]);
    // Both sign the keys, the old one everything else, and the parent is told nothing.
    expect(zone.get('@', 'DNSKEY')).toHaveLength(2);
    expect(tagsOf(zone.snapshot)).toMatchObject({ keySigners: both, cds: [old?.tag] });
    expect(validate()).toEqual([]);
    await pass(2 * HOUR - 2 * MINUTE);
    expect(states()).toEqual(['csk active', 'csk published']);
    await pass(5 * MINUTE);
    expect(states()).toEqual(['csk retired', 'csk active']);
    expect(tagsOf(zone.snapshot)).toMatchObject({ keySigners: both, cds: [fresh?.tag] });
    const www = zone.snapshot.get(Name.parse('www.example.net'), Type.RRSIG);
    expect(www?.records.every(({ wire }) => wire.readUInt16BE(16) === fresh?.tag)).toBe(true);
    expect(validate()).toEqual([]);
    // The parent does not move.
    await pass(3 * DAY);
    expect(states()).toEqual(['csk retired', 'csk active']);
    parent = signing.ds;
    await pass(2 * HOUR - 10 * MINUTE);
    expect(states()).toEqual(['csk retired', 'csk active']);
    await pass(20 * MINUTE);
    expect(states()).toEqual(['csk active']);
    expect(tagsOf(zone.snapshot)).toMatchObject({ keySigners: [fresh?.tag], cds: [fresh?.tag] });
    expect(zone.get('@', 'DNSKEY')).toHaveLength(1);
    expect(validate()).toEqual([]);
  });

  test('of a ZSK needs no parent, and waits until its signatures are forgotten', async () => {
    const { zone, signing, pass, validate, states } = await setUp({ style: 'ksk-zsk' });
    await zone.set('www', 'A', '192.0.2.1', { ttl: 7200 });
    await signing.rollover({ role: 'zsk' });
    await pass(2 * HOUR + 5 * MINUTE);
    expect(states()).toEqual(['ksk active', 'zsk retired', 'zsk active']);
    await pass(3 * HOUR - 10 * MINUTE);
    expect(states()).toHaveLength(3);
    await pass(20 * MINUTE);
    expect(states()).toEqual(['ksk active', 'zsk active']);
    expect(validate()).toEqual([]);
  });

  test('of a KSK signs nothing but keys, and waits for the parent', async () => {
    let parent: readonly string[] = [];
    const { zone, signing, pass, validate, states } = await setUp({
      style: 'ksk-zsk',
      parentDs: async () => dsRRset(parent),
    });
    parent = signing.ds;
    await signing.rollover({ role: 'ksk' });
    expect(states()).toEqual(['ksk active', 'zsk active', 'ksk published']);
    await pass(2 * HOUR + 5 * MINUTE);
    expect(states()).toEqual(['ksk retired', 'zsk active', 'ksk active']);
    expect(tagsOf(zone.snapshot).keySigners).toHaveLength(2);
    expect(validate()).toEqual([]);
    parent = signing.ds;
    await pass(3 * HOUR);
    expect(states()).toEqual(['zsk active', 'ksk active']);
    expect(validate()).toEqual([]);
  });

  test('goes on after a restart', async () => {
    const first = await setUp();
    await first.signing.rollover();
    await first.zone.stopped();
    const { signing, pass, states, validate } = await setUp({}, { store: first.store });
    await pass(3 * HOUR);
    expect(states()).toEqual(['csk retired', 'csk active']);
    await signing.parentUpdated();
    await pass(26 * HOUR, HOUR);
    expect(states()).toEqual(['csk active']);
    expect(validate()).toEqual([]);
  });
});

test('the parent is asked for DS with a client', async () => {
  const origin = Name.parse('example.net');
  const rdata = dsRRset([`1 13 2 ${'ab'.repeat(32)}`])?.records[0];
  const asked: unknown[] = [];
  const soaOf = (name: string) => ({ name: Name.parse(name), type: Type.SOA, class: 1, ttl: 60 });
  const replies = [
    { answer: [{ name: origin, type: Type.DS, class: 1, ttl: 77, rdata }], authority: [] },
    { answer: [], authority: [soaOf('net')] },
    { answer: [], authority: [soaOf('example.net')] },
    { answer: [], authority: [soaOf('org')] },
    { answer: [], authority: [] },
  ];
  const client = {
    query: (...question: unknown[]) => {
      asked.push(question);
      return Promise.resolve(replies.shift());
    },
  };
  const ask = parentDsFrom(client as never, { servers: ['192.0.2.1'] });
  expect(await ask(origin)).toMatchObject({ ttl: 77, records: [rdata] });
  expect(await ask(origin)).toBeUndefined();
  // Neither the zone itself nor a stranger can say that the parent has none.
  for (let others = 0; others < 3; others++)
    // oxlint-disable-next-line no-await-in-loop -- one reply after the other
    await expect(ask(origin)).rejects.toMatchObject({ code: 'HAWSER_DNS_REPLY' });
  expect(asked[0]).toEqual([origin, Type.DS, { servers: ['192.0.2.1'] }]);
});

test('a new key that could not get into the zone is not used before it was seen in it', async () => {
  const store = memory();
  const { zone, signing, reactor, pass, states, validate } = await setUp({}, { store });
  const commit = store.commit.bind(store);
  store.commit = async () => {
    throw new Error('disk full');
  };
  await expect(signing.rollover()).rejects.toThrow('disk full');
  await pass(3 * HOUR);
  expect(states()).toEqual(['csk active', 'csk published']);
  expect(zone.get('@', 'DNSKEY')).toHaveLength(1);
  expect(validate()).toEqual([]);
  store.commit = commit;
  await pass(5 * MINUTE);
  expect(zone.get('@', 'DNSKEY')).toHaveLength(2);
  await pass(2 * HOUR - 10 * MINUTE);
  expect(states()).toEqual(['csk active', 'csk published']);
  await pass(15 * MINUTE);
  expect(states()).toEqual(['csk retired', 'csk active']);
  expect(validate()).toEqual([]);
  expect(reactor.reports.problems.length).toBeGreaterThan(0);
  reactor.reports.problems.length = 0;
});

test('a zone that could not follow its keys is opened with new keys nobody knows yet', async () => {
  const store = memory();
  const first = await setUp({}, { store });
  const commit = store.commit.bind(store);
  store.commit = async () => {
    throw new Error('disk full');
  };
  await expect(first.signing.rollover()).rejects.toThrow('disk full');
  await first.zone.stopped();
  store.commit = commit;
  first.reactor.clock.advance(5 * HOUR);
  const { reactor } = first;
  const signing = zoneSigning();
  const zone = await dynamicZone('example.net', { reactor, store, signing });
  expect(zone.get('@', 'DNSKEY')).toHaveLength(2);
  expect(signing.keys[1]).toMatchObject({ state: 'published', since: reactor.clock.epoch() });
});

describe('a clock that is set', () => {
  test.each([30 * DAY, -30 * DAY])('by %i ms makes no key come earlier', async (jump) => {
    const { reactor, signing, pass, states, validate } = await setUp();
    await pass(HOUR);
    await signing.rollover();
    await pass(HOUR);
    const real = reactor.clock.epoch.bind(reactor.clock);
    reactor.clock.epoch = () => real() + jump;
    await pass(50 * MINUTE);
    expect(states()).toEqual(['csk active', 'csk published']);
    expect(validate()).toEqual([]);
    await pass(jump > 0 ? 15 * MINUTE : 75 * MINUTE);
    expect(states()).toEqual(['csk retired', 'csk active']);
    expect(validate()).toEqual([]);
    await signing.parentUpdated();
    await pass(20 * HOUR, HOUR);
    reactor.clock.epoch = real;
    await pass(4 * HOUR);
    expect(states()).toEqual(['csk retired', 'csk active']);
    await pass(23 * HOUR, HOUR);
    expect(states()).toEqual(['csk active']);
    expect(validate()).toEqual([]);
  });

  test('by much is noticed before anything else is believed', async () => {
    const { reactor, signing, pass, states } = await setUp();
    await pass(HOUR);
    await signing.rollover();
    await pass(HOUR);
    const real = reactor.clock.epoch.bind(reactor.clock);
    reactor.clock.epoch = () => real() + 30 * DAY;
    await signing.parentUpdated();
    expect(states()).toEqual(['csk active', 'csk published']);
  });

  test('back makes signatures of an older walk count no more', async () => {
    const { zone, reactor, signing, pass, states } = await setUp({ propagationSeconds: 0 });
    await pass(HOUR);
    await signing.rollover({ algorithm: 'ED25519' });
    await pass(30_000, 1000);
    const real = reactor.clock.epoch.bind(reactor.clock);
    reactor.clock.epoch = () => real() - 30 * DAY;
    const longest = Math.max(...[...zone.snapshot.rrsets()].map(({ ttl }) => ttl)) * 1000;
    await pass(longest + 110_000, 10_000);
    expect(states()).toEqual(['csk active', 'csk incoming']);
    await pass(4 * MINUTE);
    expect(states()).toEqual(['csk active', 'csk published']);
  });

  test('for a moment does not take away the keys of a zone that is to be without signatures', async () => {
    const { reactor, signing, pass, zone } = await setUp({ parentDs: async () => undefined });
    await signing.unsign();
    await pass(HOUR);
    const real = reactor.clock.epoch.bind(reactor.clock);
    reactor.clock.epoch = () => real() + 400 * DAY;
    await pass(20 * HOUR);
    expect(zone.get('@', 'DNSKEY')).toHaveLength(1);
    await pass(8 * HOUR);
    expect(zone.get('@', 'DNSKEY')).toBeUndefined();
  });
});

test('a parent with a DS of a kind nobody makes here may know the old key', async () => {
  let parent: readonly string[] = [];
  const { signing, pass, states } = await setUp({ parentDs: async () => dsRRset(parent) });
  const [tag] = signing.keys.map((key) => key.tag);
  await signing.rollover();
  parent = [`${tag} 13 1 ${'ab'.repeat(20)}`];
  await pass(3 * HOUR);
  parent = [...parent, ...signing.ds];
  await pass(20 * HOUR);
  expect(states()).toEqual(['csk retired', 'csk active']);
  parent = signing.ds;
  await pass(3 * HOUR);
  expect(states()).toEqual(['csk active']);
});

test('a parent that never answers holds up nothing that others say', async () => {
  const { reactor, signing, pass, states } = await setUp({
    parentDs: () => new Promise(() => undefined),
  });
  await signing.rollover();
  await pass(3 * HOUR);
  expect(states()).toEqual(['csk retired', 'csk active']);
  await signing.parentUpdated();
  await pass(26 * HOUR, 10 * MINUTE);
  expect(states()).toEqual(['csk active']);
  expect(reactor.reports.problems.length).toBeGreaterThan(0);
  reactor.reports.problems.length = 0;
});

test('a parent that answers when nobody serves the zone any more is not heard', async () => {
  let answer: ((parent: ParentDs | undefined) => void) | undefined;
  const store = memory();
  const parentDs = (): Promise<ParentDs | undefined> =>
    new Promise((resolve) => (answer = resolve));
  const { reactor, zone, signing, pass } = await setUp({ parentDs }, { store });
  await signing.rollover();
  await pass(3 * HOUR);
  reactor.reports.problems.length = 0;
  answer = undefined;
  while (answer === undefined) await pass(1000);
  await zone.stopped();
  const before = await store.bucket('dnssec').get('example.net');
  (answer as (parent: ParentDs | undefined) => void)(dsRRset(signing.ds));
  await pass(1);
  expect(await store.bucket('dnssec').get('example.net')).toEqual(before);
});

test('a parent that cannot be asked, or changes its mind, keeps the old key', async () => {
  let parent: () => ParentDs | undefined = () => undefined;
  const { reactor, signing, pass, states } = await setUp({ parentDs: async () => parent() });
  const old = signing.ds;
  await signing.rollover();
  parent = () => {
    throw new Error('nobody there');
  };
  await pass(3 * HOUR);
  expect(states()).toEqual(['csk retired', 'csk active']);
  expect(reactor.reports.problems.length).toBeGreaterThan(0);
  reactor.reports.problems.length = 0;
  // One who knows nothing for a moment.
  parent = () => undefined;
  await pass(20 * HOUR);
  parent = () => dsRRset(old);
  await pass(10 * HOUR);
  expect(states()).toEqual(['csk retired', 'csk active']);
  parent = () => dsRRset(signing.ds);
  await pass(3 * HOUR);
  expect(states()).toEqual(['csk active']);
});

describe('a zone that is to be without signatures', () => {
  test('asks the parent to forget its keys, and keeps them until it has', async () => {
    let parent: readonly string[] = [];
    const { zone, signing, pass, validate } = await setUp({
      parentDs: async () => dsRRset(parent),
    });
    parent = signing.ds;
    await signing.unsign();
    expect(zone.get('@', 'CDS')).toMatchObject([{ keyTag: 0, algorithm: 0 }]);
    await pass(2 * DAY);
    expect(validate()).toEqual([]);
    parent = [];
    await pass(2 * HOUR - 10 * MINUTE);
    expect(zone.get('@', 'DNSKEY')).toHaveLength(1);
    await pass(20 * MINUTE);
    expect(typesOf(zone.snapshot)).toEqual([Type.NS, Type.SOA]);
    await zone.set('www', 'A', '192.0.2.1');
    expect(typesOf(zone.snapshot)).toEqual([Type.NS, Type.SOA, Type.A]);
    await signing.sign();
    expect(validate()).toEqual([]);
    expect(signing.ds).not.toEqual([]);
  });

  test('believes whoever says that the parent has forgotten them, if nobody looks', async () => {
    const { zone, signing, pass, validate } = await setUp();
    await signing.unsign();
    await pass(3 * DAY, HOUR);
    await signing.parentUpdated();
    await pass(DAY, HOUR);
    expect(validate()).toEqual([]);
    await pass(2 * HOUR);
    expect(typesOf(zone.snapshot)).toEqual([Type.NS, Type.SOA]);
  });

  test('keeps them while nobody can say whether the parent has forgotten them', async () => {
    let parent = (): ParentDs | undefined => undefined;
    const { reactor, zone, signing, pass } = await setUp({ parentDs: async () => parent() });
    await signing.unsign();
    await pass(HOUR);
    parent = () => {
      throw new Error('nobody there');
    };
    await pass(3 * DAY, 10 * MINUTE);
    expect(zone.get('@', 'DNSKEY')).toHaveLength(1);
    reactor.reports.problems.length = 0;
    parent = () => undefined;
    await pass(10 * MINUTE);
    expect(zone.get('@', 'DNSKEY')).toBeUndefined();
  });

  test('keeps them for as long as caches may have a DS after nobody could be asked at all', async () => {
    let parent = (): ParentDs | undefined => {
      throw new Error('nobody there');
    };
    const { reactor, zone, signing, pass } = await setUp({ parentDs: async () => parent() });
    await signing.unsign();
    await expect(signing.rollover()).rejects.toMatchObject({ code: 'HAWSER_DNS_KEY' });
    await pass(3 * DAY, 10 * MINUTE);
    reactor.reports.problems.length = 0;
    parent = () => undefined;
    await pass(24 * HOUR);
    expect(zone.get('@', 'DNSKEY')).toHaveLength(1);
  });
});
