import { expect, test } from 'vitest';
import { atOnce } from '../../src/in-turns.ts';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import type { RecordValue } from '../../src/rdata/value.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { createRRset, type RRset, valuesOf } from '../../src/zone/rrset.ts';
import { Zone } from '../../src/zone/zone.ts';
import type { ZoneBuilder } from '../../src/zone/zone-builder.ts';

const origin = Name.parse('example.net');

function builderWith(...rrsets: readonly RRset[]): ZoneBuilder {
  const builder = Zone.builder(origin);
  for (const rrset of [...newZone(origin).rrsets(), ...rrsets]) builder.add(rrset);
  return builder;
}

function rrset(name: string, type: number, ...values: readonly RecordValue[]): RRset {
  return createRRset(Name.parse(name), type, { ttl: 60, values });
}

const ways: [string, (builder: ZoneBuilder) => Zone][] = [
  ['at once', (builder) => builder.done()],
  ['in steps', (builder) => atOnce(builder.finishing())],
];

test.each(ways)('of two RRsets of one name and type the later one counts: %s', (_, make) => {
  const name = Name.parse('a.example.net');
  const builder = builderWith(
    rrset('A.example.net', Type.A, '192.0.2.1', '192.0.2.2'),
    rrset('a.example.net', Type.TXT, 'x'),
    rrset('a.example.net', Type.A, '192.0.2.3'),
  );
  const added = builder.get(name, Type.A);
  expect(added && valuesOf(added)).toEqual(['192.0.2.3']);
  expect(builder.get(name, Type.AAAA)).toBeUndefined();
  expect(builder.get(Name.parse('b.example.net'), Type.A)).toBeUndefined();
  const node = make(builder).node(name.key);
  expect(node?.name.toString()).toBe('A.example.net');
  expect(new Set(node?.rrsets.keys())).toEqual(new Set([Type.A, Type.TXT]));
});

test.each(ways)('an alias stands alone, but for what signs it: %s', (_, make) => {
  const alias = rrset('a.example.net', Type.CNAME, 'b.example.net');
  const address = rrset('a.example.net', Type.A, '192.0.2.1');
  const wrong = expect.objectContaining({ code: 'HAWSER_DNS_ZONE' });
  expect(make(builderWith(alias)).get(alias.name, Type.CNAME)).toBeDefined();
  expect(make(builderWith(alias, { ...alias, type: Type.NSEC, records: [] })).size).toBe(2);
  expect(() => make(builderWith(alias, address))).toThrow(wrong);
  expect(() => make(builderWith(address, alias))).toThrow(wrong);
  const several = rrset('a.example.net', Type.CNAME, 'b.example.net', 'c.example.net');
  expect(() => make(builderWith(several))).toThrow(wrong);
  expect(make(builderWith(several, alias)).size).toBe(2);
});

test('what is not in the zone is refused where it is added', () => {
  const builder = builderWith();
  expect(() => builder.add(rrset('example.org', Type.A, '192.0.2.1'))).toThrow(
    expect.objectContaining({ code: 'HAWSER_DNS_OUT_OF_ZONE' }),
  );
  const soa = { ...newZone(origin).soa, name: Name.parse('a.example.net') };
  expect(() => builder.add(soa)).toThrow(expect.objectContaining({ code: 'HAWSER_DNS_ZONE' }));
  expect(builder.done().size).toBe(1);
});
