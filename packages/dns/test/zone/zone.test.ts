import { SeededRandom } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { createRRset, sameRRset, valuesOf } from '../../src/zone/rrset.ts';
import { isSerialAfter, nextSerial } from '../../src/zone/serial.ts';
import { createSoa, Zone } from '../../src/zone/zone.ts';
import { parseZone } from '../../src/zone-file/parse-zone.ts';

const origin = Name.parse('example.net');
const address = (name: string) =>
  createRRset(Name.parse(name), Type.A, { ttl: 60, values: ['192.0.2.1'] });

test('names between exist while something below them does', () => {
  const base = newZone(origin);
  const edit = (name: string, present: boolean) => ({
    name: Name.parse(name),
    type: Type.A,
    rrset: present ? address(name) : undefined,
  });
  const one = base.change([edit('a.b.c.example.net', true)])?.zone;
  expect([one?.size, one?.node(Name.parse('b.c.example.net').key)?.rrsets.size]).toEqual([4, 0]);
  const two = one?.change([edit('x.c.example.net', true)])?.zone;
  const three = two?.change([edit('a.b.c.example.net', false)])?.zone;
  expect([three?.size, three?.node(Name.parse('b.c.example.net').key)]).toEqual([3, undefined]);
  expect(three?.node(Name.parse('c.example.net').key)).toBeDefined();
  const four = three?.change([edit('x.c.example.net', false)])?.zone;
  expect([four?.size, base.size, one?.size]).toEqual([1, 1, 4]);
});

test('after 2,000 changes a zone is what it would be if it were made anew', () => {
  const random = new SeededRandom(3);
  let zone = newZone(origin);
  const present = new Set<string>();
  for (let round = 0; round < 2000; round++) {
    const labels = Array.from(
      { length: 1 + Math.floor(random.float() * 3) },
      () => 'abcdefgh'[Math.floor(random.float() * 8)],
    );
    const name = `${labels.join('.')}.example.net`;
    const remove = present.has(name);
    if (remove) present.delete(name);
    else present.add(name);
    const next = zone.change([
      { name: Name.parse(name), type: Type.A, rrset: remove ? undefined : address(name) },
    ]);
    expect(next?.changeSet.to).toBe(round + 2);
    zone = next?.zone ?? zone;
  }
  const anew = Zone.of(origin, zone.rrsets());
  expect(anew.size).toBe(zone.size);
  expect([...zone.rrsets()].filter(({ type }) => type === Type.A)).toHaveLength(present.size);
  for (const rrset of zone.rrsets()) {
    const node = zone.node(rrset.name.key);
    expect(anew.node(rrset.name.key)?.children).toBe(node?.children);
  }
});

test.each([
  [41, 101],
  [100, 101],
  [150, 150],
  [100 + 0x8000_0000, 101],
])('a start of authority edited to serial %i makes serial 100 %i', (serial, expected) => {
  const zone = newZone(origin, { soa: { serial: 100 } });
  const soa = newZone(origin, { soa: { serial, retry: 77 } }).soa;
  const next = zone.change([{ name: origin, type: Type.SOA, rrset: soa }]);
  expect([next?.zone.serial, next?.changeSet.to]).toEqual([expected, expected]);
  expect(valuesOf(next?.zone.soa ?? soa)).toMatchObject([{ retry: 77, serial: expected }]);
});

test('an RRset that fits into no message is refused', () => {
  const values = Array.from({ length: 250 }, (_, index) => String(index).padEnd(250, 'x'));
  const make = (count: number) =>
    createRRset(origin, Type.TXT, { ttl: 60, values: values.slice(0, count) });
  expect(make(240).records).toHaveLength(240);
  expect(() => make(250)).toThrow('in 65750 octets');
});

test('a zone without SOA, without NS or with names of others is none', () => {
  const [first, second] = [...newZone(origin).rrsets()];
  expect(() => Zone.of(origin, [])).toThrow('Cannot make zone');
  expect(() => Zone.of(origin, first ? [first] : [])).toThrow('Cannot make zone');
  expect(() => Zone.of(origin, second ? [second] : [])).toThrow('Cannot make zone');
  expect(() => Zone.of(origin, [...newZone(origin).rrsets(), address('example.org')])).toThrow(
    'Cannot keep',
  );
});

test.each([
  [2, 1, true],
  [1, 2, false],
  [1, 1, false],
  [1, 0xffff_ffff, true],
  [0x8000_0000, 0, false],
  [0x7fff_ffff, 0, true],
])('serial %i is after %i: %s', (serial, other, after) => {
  expect(isSerialAfter(serial, other)).toBe(after);
  expect(nextSerial(0xffff_ffff)).toBe(1);
});

test('a builder makes one zone, which nothing changes any more', () => {
  const builder = Zone.builder(origin);
  for (const rrset of newZone(origin).rrsets()) builder.add(rrset);
  expect(builder.get(origin, Type.NS)).toBeDefined();
  const zone = builder.done();
  const made = expect.objectContaining({ code: 'HAWSER_DNS_ZONE' });
  expect(() => builder.add(address('late.example.net'))).toThrow(made);
  expect(() => builder.get(origin, Type.NS)).toThrow(made);
  expect(() => builder.done()).toThrow(made);
  expect(() => builder.finishing().next()).toThrow(made);
  expect(zone.size).toBe(1);
});

test.each([
  ['NSEC', ['60 NSEC a A NS SOA RRSIG']],
  ['NSEC3', ['60 NSEC3PARAM 1 0 0 -']],
  ['neither', []],
])('a zone that denies by %s is the same when it is made in steps', (type, apex) => {
  const { rrsets, errors } = parseZone(
    [
      '@ 60 SOA ns1 host 1 2 3 4 5',
      '@ 60 NS ns1',
      '@ 60 RRSIG SOA 13 2 60 20300101000000 20200101000000 1 @ AAAA',
      ...apex.map((line) => `@ ${line}`),
      ...Array.from({ length: 700 }, (_, index) =>
        type === 'NSEC3'
          ? `${index.toString(32).padStart(32, '0')} 60 NSEC3 1 0 0 - ${'0'.repeat(32)} A`
          : `n${index * 7919} 60 NSEC @ A RRSIG`,
      ),
    ].join('\n'),
    { origin, check: false },
  );
  expect(errors).toEqual([]);
  const builder = Zone.builder(origin);
  for (const rrset of rrsets) builder.add(rrset);
  const steps = counted(builder.finishing());
  const zone = steps.pop();
  const atOnce = Zone.of(origin, rrsets);
  expect(zone?.denialProof?.type).toBe(atOnce.denialProof?.type);
  expect(steps.length).toBeGreaterThanOrEqual(type === 'neither' ? 0 : 700);
  const keysOf = (each: Zone | undefined) => [...(each?.ordered() ?? [])].map(({ key }) => key);
  expect(keysOf(zone)).toEqual(keysOf(atOnce));
  const before = (each: Zone | undefined) =>
    each?.hashedBefore('0000000000000000000000000000000g')?.key;
  expect(before(zone)).toBe(before(atOnce));
});

/** Undefined for each step, and then what they lead to. */
function counted(steps: Generator<number | void, Zone, void>): (Zone | undefined)[] {
  const seen: (Zone | undefined)[] = [];
  for (;;) {
    const { done, value } = steps.next();
    seen.push(done ? value : undefined);
    if (done) return seen;
  }
}

test('a zone keeps every octet of what it holds, however much that is', () => {
  const texts = Array.from({ length: 250 }, (_, index) => `${index}`.padEnd(240, 'x'));
  const name = Name.parse('t.example.net');
  const rrset = createRRset(name, Type.TXT, { ttl: 60, values: texts });
  const kept = Zone.of(origin, [...newZone(origin).rrsets(), rrset]).get(name, Type.TXT);
  expect(kept && valuesOf(kept)).toEqual(texts);
  expect(sameRRset(kept, rrset)).toBe(true);
  const other = createRRset(name, Type.TXT, { ttl: 60, values: texts.with(249, 'y') });
  expect(sameRRset(kept, other)).toBe(false);
});

test.each([
  [1, 1_000],
  [1_000, 1],
  [2_000, 1_000],
])(
  'an RRset has one SOA, and says so where it is given those of serial %i and %i',
  (...serials) => {
    const fields = { mname: 'ns1', rname: 'me', refresh: 1, retry: 1, expire: 1, minimum: 1 };
    const values = serials.map((serial) => Object.assign({ serial }, fields));
    expect(() => createRRset(origin, Type.SOA, { ttl: 60, values })).toThrow(
      expect.objectContaining({
        code: 'HAWSER_DNS_RDATA',
        message: 'Cannot hold 2 SOA records of "example.net" as a zone has one',
      }),
    );
    const two = values.flatMap((each) => createSoa(origin, each, 60).records);
    const rrset = { name: origin, type: Type.SOA, ttl: 60, records: two };
    expect(() => newZone(origin).change([{ name: origin, type: Type.SOA, rrset }])).toThrow(
      expect.objectContaining({ code: 'HAWSER_DNS_ZONE' }),
    );
  },
);

test.each([
  ['A', '192.0.2.1', '192.0.2.1'],
  ['TXT', 'a text', 'a text'],
  ['TXT', [['a', 'b']], ['a', 'b']],
  ['MX', { preference: 1, exchange: 'a.b.' }, { preference: 1, exchange: 'a.b' }],
] as const)('one %s value needs no list: %j', (type, values, value) => {
  const rrset = createRRset(origin, Type[type], { ttl: 60, values });
  expect(valuesOf(rrset)).toEqual([value]);
});
