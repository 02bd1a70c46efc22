import { createTestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { atOnce } from '../../src/in-turns.ts';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { checkRdata } from '../../src/rdata/rdata.ts';
import { applyIncrements } from '../../src/transfer/apply-increments.ts';
import { condense, isChain } from '../../src/transfer/condense.ts';
import { GatheredZone } from '../../src/transfer/gathered-zone.ts';
import { recordChanges } from '../../src/transfer/record-changes.ts';
import { withOwnTtls } from '../../src/transfer/signature-ttl.ts';
import { incremental, incrementsOf, wholeZone } from '../../src/transfer/transfer-records.ts';
import { sameRRset } from '../../src/zone/rrset.ts';
import { Zone } from '../../src/zone/zone.ts';
import { differenceOf } from '../../src/zone/zone-difference.ts';
import { JournaledZone, putting, removing, rrset } from './journaled-zone.ts';
import { toRecords } from './primary-script.ts';
import { lines } from './to-query.ts';

const a = (last: number): string => `192.0.2.${last}`;

function signature(covered: number, ttl: number): Buffer {
  const head = Buffer.alloc(18);
  head.writeUInt16BE(covered, 0);
  head.writeUInt32BE(ttl, 4);
  return Buffer.concat([head, Buffer.from([0]), Buffer.alloc(64, covered)]);
}

function same(one: Zone, other: Zone): boolean {
  const [left, right] = [[...one.rrsets()], [...other.rrsets()]];
  return (
    left.length === right.length &&
    left.every((each) => sameRRset(each, other.get(each.name, each.type)))
  );
}

describe('a change by records', () => {
  test('has only the records that came and went', () => {
    const zone = new JournaledZone();
    zone.change(...putting(rrset('www.example.net', 'A', a(1), a(2))));
    const change = zone.change(...putting(rrset('www.example.net', 'A', a(2), a(3))));
    const records = atOnce(recordChanges(change));
    expect(lines(records?.removed ?? [])).toEqual(['www.example.net 1 c0000201']);
    expect(lines(records?.added ?? [])).toEqual(['www.example.net 1 c0000203']);
    expect(records?.soaBefore).not.toBe(records?.soaAfter);
  });

  test('another TTL replaces every record', () => {
    const zone = new JournaledZone();
    zone.change(...putting(rrset('www.example.net', 'A', a(1), a(2))));
    const later = { ...rrset('www.example.net', 'A', a(1), a(2)), ttl: 60 };
    const records = atOnce(recordChanges(zone.change(...putting(later))));
    expect(records?.removed).toMatchObject([{ ttl: 300, records: { length: 2 } }]);
    expect(records?.added).toMatchObject([{ ttl: 60, records: { length: 2 } }]);
  });

  test('without a start of authority says nothing', () => {
    const zone = new JournaledZone();
    const change = zone.change(...putting(rrset('www.example.net', 'A', a(1))));
    const changes = change.changes.filter(({ type }) => type !== Type.SOA);
    expect(atOnce(recordChanges({ ...change, changes }))).toBeUndefined();
    expect(atOnce(incrementsOf([change, { ...change, changes }]))).toBeUndefined();
  });

  test('signatures go out with the TTL of what they sign', () => {
    const name = Name.parse('www.example.net');
    const records = [signature(1, 300), signature(16, 60), signature(28, 300)].flatMap(
      (wire) => checkRdata(Type.RRSIG, wire) ?? [],
    );
    const split = withOwnTtls({ name, type: Type.RRSIG, ttl: 60, records });
    expect(split.map(({ ttl, records: { length } }) => [ttl, length])).toEqual([
      [300, 2],
      [60, 1],
    ]);
    const plain = rrset('www.example.net', 'A', a(1));
    expect(withOwnTtls(plain)).toEqual([plain]);
  });
});

test('a signature that is added leaves those beside it the lowest TTL, as in a whole zone', () => {
  const zone = new JournaledZone();
  const name = Name.parse('www.example.net');
  const rrsigs = (wires: readonly Buffer[], ttl = 60) => {
    const records = wires.flatMap((wire) => checkRdata(Type.RRSIG, wire) ?? []);
    return putting({ name, type: Type.RRSIG, ttl, records });
  };
  zone.change(...rrsigs([signature(16, 60)]));
  const base = zone.zone;
  const change = zone.change(...rrsigs([signature(16, 60), signature(1, 300)]));
  const increments = atOnce(incrementsOf([change]));
  const version = applyIncrements(base, toRecords(increments ? incremental(increments) : []));
  if (typeof version === 'string') throw new Error(version);
  expect(version.zone.get(name, Type.RRSIG)).toMatchObject({ ttl: 60, records: [{}, {}] });
  expect(same(version.zone, zone.zone)).toBe(true);
  // The lowest TTL of all changes with one of them, and no other is sent again for that.
  const fewer = zone.change(...rrsigs([signature(1, 300)], 300));
  const { removed, added } = atOnce(recordChanges(fewer)) ?? {};
  expect(removed?.map(({ ttl, records: { length } }) => [ttl, length])).toEqual([[60, 1]]);
  expect(added).toEqual([]);
});

describe('a chain of changes', () => {
  function history(): { zones: Zone[]; zone: JournaledZone } {
    const zone = new JournaledZone();
    const zones = [zone.zone];
    const steps = [
      putting(rrset('a.example.net', 'A', a(1))),
      putting(rrset('b.example.net', 'TXT', 'x'), rrset('a.example.net', 'A', a(2))),
      [removing('b.example.net', 'TXT')],
      putting(rrset('a.example.net', 'A', a(1))),
      [
        removing('a.example.net', 'A'),
        ...putting(rrset('c.example.net', 'MX', { preference: 1, exchange: 'b' })),
      ],
    ];
    for (const edits of steps) {
      zone.change(...edits);
      zones.push(zone.zone);
    }
    return { zones, zone };
  }

  test('is condensed to what changed in the end', () => {
    const { zone } = history();
    const condensed = atOnce(condense(zone.changes));
    expect(condensed).toMatchObject({ from: 1, to: 6 });
    const records = condensed && atOnce(recordChanges(condensed));
    expect(records?.removed).toEqual([]);
    expect(lines(records?.added ?? [])).toEqual(['c.example.net 15 0001016200']);
  });

  test('condensed or not, it leads to the same zone from every serial', () => {
    const { zones, zone } = history();
    const last = zone.zone;
    for (const [index, start] of zones.entries()) {
      const condensed = atOnce(condense(zone.changes.slice(index)));
      if (condensed === undefined) continue;
      const edits = condensed.changes.map(({ name, type, after }) => ({
        name,
        type,
        rrset: after,
      }));
      const made = start.change(edits)?.zone;
      expect(made && same(made, last)).toBe(true);
    }
  });

  test('is one only without a gap', () => {
    const { changes } = history().zone;
    expect(isChain(changes, 1)).toBe(true);
    expect(isChain(changes, 2)).toBe(false);
    expect(isChain([...changes.slice(0, 1), ...changes.slice(2)], 1)).toBe(false);
    expect(atOnce(condense([]))).toBeUndefined();
  });

  test('goes out as its steps between the newest start of authority (RFC 1995 §4)', () => {
    const { changes } = history().zone;
    const increments = atOnce(incrementsOf(changes.slice(0, 2)));
    expect(increments && lines(incremental(increments))).toEqual([
      'SOA 3',
      'SOA 1',
      'SOA 2',
      'a.example.net 1 c0000201',
      'SOA 2',
      'a.example.net 1 c0000201',
      'SOA 3',
      'b.example.net 16 0178',
      'a.example.net 1 c0000202',
      'SOA 3',
    ]);
    expect(increments?.recordCount).toBe(10);
  });
});

describe('the difference of two zones', () => {
  const reactor = createTestReactor();

  test('leads from one to the other', async () => {
    const zone = new JournaledZone().fill(3);
    const before = zone.zone;
    zone.change(
      ...putting(rrset('host1.example.net', 'A', a(99)), rrset('new.example.net', 'TXT', 'x')),
    );
    zone.change(removing('host2.example.net', 'A'));
    const difference = await differenceOf(before, zone.zone, reactor);
    expect(difference).toMatchObject({ from: before.serial, to: zone.zone.serial });
    expect(difference.changes.map(({ name, type }) => `${name} ${type}`).sort()).toEqual([
      'example.net 6',
      'host1.example.net 1',
      'host2.example.net 1',
      'new.example.net 16',
    ]);
  });

  test('from nothing is the whole zone', async () => {
    const { zone } = new JournaledZone().fill(3);
    const difference = await differenceOf(undefined, zone, reactor);
    expect(difference.from).toBeUndefined();
    const rrsets = difference.changes.flatMap(({ before, after }) =>
      before === undefined && after !== undefined ? [after] : [],
    );
    expect(same(Zone.of(zone.origin, rrsets), zone)).toBe(true);
  });

  test('lets others have their turn', async () => {
    const { zone } = new JournaledZone().fill(3_000);
    let turns = 0;
    let over = false;
    const working = differenceOf(undefined, zone, reactor).then(() => {
      over = true;
    });
    const others = (): void => {
      turns += 1;
      if (!over) reactor.clock.callSoon(others);
    };
    reactor.clock.callSoon(others);
    await reactor.clock.elapse(1);
    await working;
    expect(turns).toBeGreaterThanOrEqual(3);
  });
});

describe('records gathered', () => {
  const origin = Name.parse('example.net');
  const record = (name: string, last: number, ttl: number) => ({
    name: Name.parse(name),
    type: Type.A,
    class: 1,
    ttl,
    rdata: checkRdata(Type.A, Buffer.from([192, 0, 2, last])),
  });
  const gathering = (): GatheredZone => {
    const gathered = new GatheredZone(origin);
    for (const each of toRecords(wholeZone(new JournaledZone().zone))) gathered.add(each);
    return gathered;
  };
  const reactor = createTestReactor();
  const done = async (gathered: GatheredZone): Promise<Zone> => {
    const zone = await gathered.done(reactor);
    if (typeof zone === 'string') throw new Error(zone);
    return zone;
  };

  test('are a zone with the lowest TTL and no record twice, however they come', async () => {
    const gathered = gathering();
    for (const last of [1, 2, 1]) gathered.add(record('a.example.net', last, 60 * last));
    gathered.add(record('b.example.net', 1, 0x8000_0001));
    gathered.add({ ...record('b.example.net', 2, 9), rdata: undefined });
    for (const last of [2, 3]) gathered.add(record('A.Example.net', last, 50));
    const zone = await done(gathered);
    const found = ['a', 'b'].map((label) => zone.get(Name.parse(`${label}.example.net`), Type.A));
    expect(found.map((each) => [each?.ttl, each?.records.length])).toEqual([
      [50, 3],
      [0, 1],
    ]);
    expect(zone.size).toBe(3);
  });

  test('may be many of one name', async () => {
    const gathered = gathering();
    for (let index = 0; index < 500; index++)
      gathered.add(record('a.example.net', index % 200, 60));
    const zone = await done(gathered);
    expect(zone.get(Name.parse('a.example.net'), Type.A)?.records).toHaveLength(200);
  });

  test('that are no zone say why', async () => {
    expect(await new GatheredZone(origin).done(reactor)).toMatch('needs one SOA');
    const stray = gathering();
    stray.add(record('a.example.org', 1, 60));
    stray.add(record('a.example.net', 1, 60));
    expect(await stray.done(reactor)).toBe('Cannot keep "a.example.org" in zone "example.net"');
    const alias = gathering();
    alias.add(record('a.example.net', 1, 60));
    for (const each of toRecords([rrset('a.example.net', 'CNAME', 'b.example.net')]))
      alias.add(each);
    expect(await alias.done(reactor)).toMatch('alias');
  });
});

test('a whole zone begins and ends with its start of authority (RFC 5936 §2.2)', () => {
  const zone = new JournaledZone().fill(2);
  zone.change(
    ...putting(
      rrset('sub.example.net', 'NS', 'ns.sub.example.net'),
      rrset('ns.sub.example.net', 'A', a(5)),
      rrset('deep.sub.example.net', 'TXT', 'occluded'),
    ),
  );
  const all = lines(wholeZone(zone.zone));
  expect([all[0], all.at(-1)]).toEqual(['SOA 3', 'SOA 3']);
  expect(all.filter((line) => line.startsWith('SOA'))).toHaveLength(2);
  // Glue, and what is below a delegation, are data of the zone (§3.5).
  expect(all.filter((line) => line.includes('sub.example.net '))).toHaveLength(3);
  expect(all).toHaveLength([...zone.zone.rrsets()].length + 1);
});
