import { expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { isSignerRecord } from '../../src/zone/signer-record.ts';
import { Zone } from '../../src/zone/zone.ts';
import { parseZone } from '../../src/zone-file/parse-zone.ts';

const origin = Name.parse('example.com');
const below = Name.parse('a.example.com');
const unsigned = newZone(origin);
const signed = Zone.of(
  origin,
  parseZone(
    `@ 60 SOA ns1 hostmaster 1 2 3 4 5
@ 60 NS ns1
@ 60 RRSIG SOA 13 2 60 20300101000000 20200101000000 1 @ AAAA`,
    { origin },
  ).rrsets,
);

test.each([
  ['RRSIG', below, unsigned, true],
  ['NSEC', below, signed, true],
  ['NSEC3', below, signed, true],
  ['DNSKEY', origin, signed, true],
  ['CDS', origin, signed, true],
  ['CDNSKEY', origin, signed, true],
  ['NSEC3PARAM', origin, signed, true],
  ['DNSKEY', origin, unsigned, false],
  ['CDS', origin, unsigned, false],
  ['CDS', below, signed, false],
  ['DS', below, signed, false],
  ['SOA', origin, signed, false],
] as const)('%s at %s', (type, name, zone, expected) => {
  expect(isSignerRecord(zone, { name, type: Type[type] })).toBe(expected);
});
