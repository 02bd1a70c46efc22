import { describe, expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import type { HostRecords } from '../../src/rdata/value.ts';
import { answerFrom } from '../../src/zone/answer.ts';
import { answerAlone } from '../../src/zone/answer-alone.ts';
import { toRRsets } from '../../src/zone/host-records.ts';
import { newZone } from '../../src/zone/new-zone.ts';

const zone = newZone(Name.parse('example.net'));
const name = Name.parse('a.host.example.net');
const types = [Type.A, Type.AAAA, Type.TXT, Type.NS, Type.DS, Type.CNAME, Type.SOA, Type.RRSIG];

describe('an answer without a zone is the one with it', () => {
  test.each<HostRecords>([
    {},
    { A: '192.0.2.1' },
    { A: ['192.0.2.1', '192.0.2.2'], ttl: 5 },
    { TXT: ['one', 'two'], AAAA: '2001:db8::1', A: '192.0.2.1' },
    { PTR: 'host.example.net', CAA: '0 issue "ca.example"' },
  ])('for a name with %j', (records) => {
    const rrsets = toRRsets(name, records, { origin: zone.origin, ttl: 60 });
    const whole = zone.including(name, rrsets);
    for (const type of types) {
      const expected = answerFrom(whole, { key: name.key, type });
      expect(answerAlone(zone, rrsets, type)).toEqual(expected);
    }
  });
});

describe('it takes a zone to know the answer', () => {
  test.each<HostRecords>([
    { CNAME: 'elsewhere.example' },
    { DNAME: 'elsewhere.example' },
    { NS: 'ns.example.net' },
    { MX: '10 mail.example.net' },
    { A: '192.0.2.1', HTTPS: '0 other.example.net' },
    { A: '192.0.2.1', TYPE1: '192.0.2.2' },
  ])('for a name with %j', (records) => {
    expect(
      answerAlone(zone, toRRsets(name, records, { origin: zone.origin, ttl: 60 }), Type.A),
    ).toBeUndefined();
  });

  test.each([Type.ANY, Type.AXFR, Type.IXFR])('for questions of type %i', (type) => {
    expect(
      answerAlone(zone, toRRsets(name, { A: '192.0.2.1' }, { origin: zone.origin, ttl: 60 }), type),
    ).toBeUndefined();
  });
});
