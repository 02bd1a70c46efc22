import { createTestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { generateKey } from '../../src/dnssec/signing-key.ts';
import { validateZone } from '../../src/dnssec/validate-zone.ts';
import { zoneSigning } from '../../src/dnssec/zone-signing.ts';
import type { ZoneSigningOptions } from '../../src/dnssec/zone-signing-options.ts';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { memory } from '../../src/store/memory-store.ts';
import { dynamicZone } from '../../src/store/open-dynamic-zone.ts';
import { createRRset, type RRset } from '../../src/zone/rrset.ts';
import { zoneFrom } from '../zone/zone-text.ts';
import { CachedMixtures } from './cached-mixtures.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const PROPAGATION_S = 1200;

const content = `
  www 7200 A 192.0.2.1
  www TXT "text"
  *.wild A 192.0.2.2
  a.b.c AAAA 2001:db8::1
  sub NS ns.sub
  ns.sub A 192.0.2.3
  sub DS 1 13 2 ${'ab'.repeat(32)}
  tree DNAME elsewhere.example.
`;

/** A zone, its parent that does what CDS says some hours later, and all that caches may have of both. */
class World {
  readonly reactor = createTestReactor();
  readonly store = memory();
  readonly mixtures = new CachedMixtures(PROPAGATION_S * 1000);
  readonly options: ZoneSigningOptions;
  signing = zoneSigning();
  zone!: Awaited<ReturnType<typeof dynamicZone>>;
  ds: string[] = [];
  dsTtl = 2 * 3600;
  #asked = 0;

  constructor(options: ZoneSigningOptions) {
    this.options = { propagationSeconds: PROPAGATION_S, ...options };
  }

  async open(): Promise<void> {
    const { reactor, store } = this;
    const parentDs = async () => this.dsRRset();
    this.signing = zoneSigning({ ...this.options, parentDs });
    const { signing } = this;
    this.zone = await dynamicZone('example.net', {
      reactor,
      store,
      signing,
      initial: zoneFrom(content),
    });
    if (this.ds.length === 0) this.ds = [...signing.ds];
    this.zone.started(reactor);
    this.check();
  }

  async restart(): Promise<void> {
    await this.zone.stopped();
    await this.open();
  }

  dsRRset(): RRset {
    const { ds: values, dsTtl: ttl } = this;
    return createRRset(Name.parse('example.net'), Type.DS, { ttl, values });
  }

  states(): string {
    return this.signing.keys
      .map(({ role, algorithm, state }) => `${role} ${algorithm.slice(0, 2)} ${state}`)
      .join(', ');
  }

  check(): void {
    const now = this.reactor.clock.epoch();
    const ds = this.dsRRset();
    // What nobody has any more can do no harm: only what is new can.
    if (!this.mixtures.note(now, this.zone.snapshot, ds)) return;
    const problems = [
      ...this.mixtures.problems(now, 'liberal'),
      ...this.mixtures.problems(now, 'strict'),
      ...validateZone(this.zone.snapshot, { atSeconds: now / 1000 }),
    ];
    if (problems.length > 0) throw new Error(`${this.states()}: ${problems.join('; ')}`);
  }

  async minute(): Promise<void> {
    this.reactor.clock.advance(MINUTE);
    for (let turn = 0; turn < 80; turn++) await Promise.resolve();
    // The parent looks at CDS now and then.
    if (this.reactor.clock.epoch() - this.#asked >= 3 * HOUR) {
      this.#asked = this.reactor.clock.epoch();
      this.ds = [...this.signing.ds];
    }
  }

  /** Time passes until there is but one key of each role. Gives the states there were, each with how long it lasted. */
  async roll(eachStep: () => Promise<void> = async () => undefined): Promise<[string, number][]> {
    const steps: [string, number][] = [];
    this.check();
    for (let minutes = 0; minutes < 5000; minutes++) {
      const states = this.states();
      const last = steps.at(-1);
      if (last?.[0] === states) last[1] += 1;
      else {
        steps.push([states, 1]);
        await eachStep();
      }
      if (!/incoming|published|retired|outgoing/.test(states)) return steps;
      await this.minute();
      this.check();
    }
    throw new Error(`it does not end: ${JSON.stringify(steps)}`);
  }
}

const ways = [
  ['ECDSAP256SHA256', 'ED25519'],
  ['ED25519', 'ECDSAP256SHA256'],
] as const;

describe.each(ways)('from %s to %s', (algorithm, other) => {
  const [was, is] = [algorithm.slice(0, 2), other.slice(0, 2)];

  test('all that is in any cache is valid at any time, for strict and for liberal resolvers', async () => {
    const world = new World({ algorithm });
    await world.open();
    await world.signing.rollover({ algorithm: other });
    // Nobody is shown a key of which there may not be all signatures yet.
    expect(world.zone.get('@', 'DNSKEY')).toHaveLength(1);
    const steps = await world.roll();
    expect(steps.map(([states]) => states)).toEqual([
      `csk ${was} active, csk ${is} incoming`,
      `csk ${was} active, csk ${is} published`,
      `csk ${was} retired, csk ${is} active`,
      `csk ${was} outgoing, csk ${is} active`,
      `csk ${is} active`,
    ]);
    const minutes = steps.map(([, lasted]) => lasted);
    // The longest TTL; that of DNSKEY; the parent and that of DS; that of DNSKEY; and what servers need to follow.
    expect(minutes[0]).toBeGreaterThanOrEqual(140);
    expect(minutes[1]).toBeGreaterThanOrEqual(80);
    expect(minutes[2]).toBeGreaterThanOrEqual(140);
    expect(minutes[3]).toBeGreaterThanOrEqual(80);
    expect(world.ds).toEqual(world.signing.ds);
    // What the last step does to the zone takes turns.
    for (let minutes = 0; minutes < 3; minutes++) await world.minute();
    for (const { records } of [...world.zone.snapshot.rrsets()].filter(
      (e) => e.type === Type.RRSIG,
    ))
      for (const { wire } of records)
        expect(wire.readUInt16BE(16)).toBe(world.signing.keys[0]?.tag);
  });

  test('it goes on after a restart in each step', async () => {
    const world = new World({ algorithm, style: 'ksk-zsk' });
    await world.open();
    await world.signing.rollover({ algorithm: other });
    const steps = await world.roll(() => world.restart());
    // Nobody waits for the next walk over all signatures, which may take half a day.
    expect(Math.max(...steps.map(([, lasted]) => lasted))).toBeLessThan(500);
    expect(steps.map(([states]) => states)).toEqual([
      `ksk ${was} active, zsk ${was} active, ksk ${is} incoming, zsk ${is} incoming`,
      `ksk ${was} active, zsk ${was} active, ksk ${is} published, zsk ${is} published`,
      `ksk ${was} retired, zsk ${was} retired, ksk ${is} active, zsk ${is} active`,
      `ksk ${was} outgoing, zsk ${was} outgoing, ksk ${is} active, zsk ${is} active`,
      `ksk ${is} active, zsk ${is} active`,
    ]);
  });
});

describe('while the algorithm changes', () => {
  test('names that come and go are signed by both, and the zone is changed as ever', async () => {
    const world = new World({});
    await world.open();
    await world.signing.rollover({ algorithm: 'ED25519' });
    let host = 0;
    await world.roll(async () => {
      await world.zone.set(`host${host++}`, 'A', '192.0.2.7');
      if (host === 2) await world.zone.delete('www');
      if (host === 3) await world.zone.set('www', 'TXT', 'again');
      world.check();
    });
    expect(host).toBe(5);
  });

  test('no other key is replaced', async () => {
    const world = new World({});
    await world.open();
    const { signing } = world;
    await signing.rollover({ algorithm: 'ED25519' });
    await expect(signing.rollover()).rejects.toMatchObject({ code: 'HAWSER_DNS_KEY' });
  });

  test('a parent that does not move keeps both for good', async () => {
    const world = new World({});
    await world.open();
    await world.signing.rollover({ algorithm: 'ED25519' });
    const { ds } = world;
    for (let minutes = 0; minutes < 3000; minutes++) {
      await world.minute();
      world.ds = ds;
      world.check();
    }
    expect(world.states()).toBe('csk EC retired, csk ED active');
    expect(world.zone.get('@', 'DNSKEY')).toHaveLength(2);
  });

  test('one of two keys cannot get another one', async () => {
    const world = new World({ style: 'ksk-zsk' });
    await world.open();
    const rollover = world.signing.rollover({ role: 'zsk', algorithm: 'ED25519' });
    await expect(rollover).rejects.toMatchObject({ code: 'HAWSER_DNS_KEY' });
    await world.signing.rollover({ role: 'zsk', algorithm: 'ECDSAP256SHA256' });
    expect(world.states()).toBe('ksk EC active, zsk EC active, zsk EC published');
    await world.roll();
  });
});

test('caches agree while a key follows one of the same algorithm', async () => {
  const world = new World({ algorithm: 'ED25519' });
  await world.open();
  await world.signing.rollover();
  const steps = await world.roll();
  expect(steps.map(([states]) => states)).toEqual([
    'csk ED active, csk ED published',
    'csk ED retired, csk ED active',
    'csk ED active',
  ]);
});

test('two algorithms become one', async () => {
  const keys = [generateKey('ECDSAP256SHA256'), generateKey('ED25519')];
  const world = new World({ keys });
  await world.open();
  await world.signing.rollover({ algorithm: 'ED25519' });
  expect(world.states()).toBe('csk EC active, csk ED active, csk ED published');
  const steps = await world.roll();
  expect(steps.at(-1)?.[0]).toBe('csk ED active');
});

test('a key that could not be taken out of the zone still signs for caches when it is', async () => {
  const world = new World({});
  await world.open();
  await world.signing.rollover({ algorithm: 'ED25519' });
  const commit = world.store.commit.bind(world.store);
  const steps = await world.roll(async () => {
    if (!world.states().includes('retired')) return;
    // The DNSKEY RRset stays as it is while its key goes on.
    world.store.commit = () => Promise.reject(new Error('disk full'));
    for (let minutes = 0; minutes < 700; minutes++) {
      await world.minute();
      world.check();
    }
    world.store.commit = commit;
  });
  expect(world.reactor.reports.problems.length).toBeGreaterThan(0);
  world.reactor.reports.problems.length = 0;
  const [states, minutes] = steps.at(-2) ?? [];
  expect(states).toBe('csk EC outgoing, csk ED active');
  expect(minutes).toBeGreaterThanOrEqual(80);
});

describe('a TTL that gets shorter', () => {
  test.each(['lowered', 'deleted and made again'])(
    'of records that were %s just before lets keys wait for caches all the same',
    async (way) => {
      const world = new World({});
      await world.open();
      if (way !== 'lowered') await world.zone.delete('www', 'A');
      await world.zone.set('www', 'A', '192.0.2.9', { ttl: 60 });
      world.check();
      await world.signing.rollover({ algorithm: 'ED25519' });
      const steps = await world.roll();
      expect(steps).toHaveLength(5);
    },
  );

  test('of DNSKEY lets new keys wait for what caches have', async () => {
    const world = new World({});
    await world.open();
    await world.signing.rollover();
    Object.assign(world.options, { keyTtl: 60 });
    await world.restart();
    const steps = await world.roll();
    expect(steps).toHaveLength(3);
    expect(steps[0]?.[1]).toBeGreaterThanOrEqual(80);
  });

  test('of DS lets old keys wait for what caches have', async () => {
    const world = new World({});
    await world.open();
    await world.signing.rollover();
    const steps = await world.roll(async () => {
      if (!world.states().includes('retired')) return;
      for (let minutes = 0; minutes < 10; minutes++) await world.minute();
      expect(world.ds).not.toEqual(world.signing.ds);
      world.dsTtl = 60;
    });
    expect(steps).toHaveLength(3);
  });

  test('of many years is waited for no longer than signatures last', async () => {
    const world = new World({ validitySeconds: 6 * 3600 });
    await world.open();
    await world.zone.set('www', 'A', '192.0.2.1', { ttl: 2 ** 31 - 1 });
    await world.signing.rollover({ role: 'csk' });
    expect(await world.roll()).toHaveLength(3);
  });
});
