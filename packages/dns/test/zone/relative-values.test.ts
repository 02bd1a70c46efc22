// Names in values mean the same wherever a program or a person writes them: a single label is in the zone, others are whole.
import { createTestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { rrsetExists } from '../../src/client/prerequisite.ts';
import { fixedZone } from '../../src/handlers/fixed-zone.ts';
import { Name } from '../../src/name.ts';
import { parseType } from '../../src/numbers.ts';
import { rdataToText } from '../../src/rdata/rdata-text.ts';
import type { RecordValue } from '../../src/rdata/value.ts';
import { dynamicZone } from '../../src/store/open-dynamic-zone.ts';
import { recordApi } from '../../src/update/record-api/record-api.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { createRRset, valuesOf } from '../../src/zone/rrset.ts';

const origin = Name.parse('example.net');

const meanings: readonly [string, RecordValue, string][] = [
  ['CNAME', 'web', 'web.example.net.'],
  ['CNAME', 'web.', 'web.'],
  ['CNAME', '@', 'example.net.'],
  ['CNAME', 'web.example.net', 'web.example.net.'],
  ['CNAME', 'web.example.net.', 'web.example.net.'],
  ['CNAME', 'web.elsewhere.org', 'web.elsewhere.org.'],
  ['CNAME', 'a\\.b', 'a\\.b.example.net.'],
  ['MX', '10 mail', '10 mail.example.net.'],
  ['MX', '10 mail.elsewhere.org', '10 mail.elsewhere.org.'],
  ['MX', '0 .', '0 .'],
  ['MX', { preference: 10, exchange: 'mail' }, '10 mail.example.net.'],
  ['MX', { preference: 10, exchange: 'mail.elsewhere.org' }, '10 mail.elsewhere.org.'],
  ['SRV', { priority: 1, weight: 2, port: 3, target: 'sip' }, '1 2 3 sip.example.net.'],
  ['HTTPS', { priority: 1, target: '.' }, '1 .'],
  ['HTTPS', { priority: 1, target: 'web' }, '1 web.example.net.'],
];

describe.each(meanings)('%s %j', (type, value, text) => {
  const number = parseType(type);
  const shown = (zone: { get: ReturnType<typeof newZone>['get'] }): string[] =>
    zone
      .get(Name.parse('x.example.net'), number)
      ?.records.map((each) => rdataToText(number, each)) ?? [];

  test(`in zone.set() is ${text}`, async () => {
    const zone = await dynamicZone('example.net', { reactor: createTestReactor() });
    await zone.set('x', type, value);
    expect(shown(zone.snapshot)).toEqual([text]);
    // What a zone tells may be given to it.
    const [told] = zone.get('x', type) ?? [];
    expect(await zone.set('x', type, told as RecordValue)).toBe(false);
  });

  test(`in the JSON API is ${text}`, async () => {
    const reactor = createTestReactor();
    const zone = await dynamicZone('example.net', { reactor });
    const api = recordApi(zone, { tokens: [{ name: 'all', token: 'all' }] });
    const response = await api(
      new Request(`http://localhost/zones/example.net/records/x/${type}`, {
        method: 'PUT',
        headers: { authorization: 'Bearer all', 'content-type': 'application/json' },
        body: JSON.stringify({ values: [value] }),
      }),
      { reactor },
    );
    expect(await response.json()).toMatchObject({ values: [text] });
    expect(shown(zone.snapshot)).toEqual([text]);
  });

  test(`in a condition of an update is ${text}`, () => {
    const nameIn = (name: Name | string): Name =>
      typeof name !== 'string' ? name : name === '@' ? origin : Name.parse(name).concat(origin);
    const [record] = rrsetExists('x', type, [value])(nameIn);
    expect(record?.rdata && rdataToText(number, record.rdata)).toBe(text);
  });
});

test('without a zone every name is whole', () => {
  const [rdata] = createRRset(origin, 5, { ttl: 60, values: ['web'] }).records;
  expect(rdata && rdataToText(5, rdata)).toBe('web.');
});

test('"@" without a zone is an error that says so', () => {
  expect(() => createRRset(origin, 5, { ttl: 60, values: ['@'] })).toThrow(/"@" needs an origin/);
});

test('servers of a new zone may be named by a label', () => {
  const { records = [] } = newZone(origin, { ns: ['a', 'b.example.org'] }).apex.get(2) ?? {};
  expect(records.map((each) => rdataToText(2, each))).toEqual(['a.example.net.', 'b.example.org.']);
});

test('owners of a fixed zone are whole if they are in it, and otherwise relative to it', () => {
  const records = { a: { CNAME: 'b' }, 'c.example.net': { A: '192.0.2.1' }, 'd.': {} };
  expect(() => fixedZone('example.net', { records: { 'd.': { A: '192.0.2.1' } } })).toThrow(
    expect.objectContaining({ code: 'HAWSER_DNS_OUT_OF_ZONE' }),
  );
  const { 'd.': _, ...good } = records;
  expect(fixedZone('example.net', { records: good }).origin.equals(origin)).toBe(true);
});

test('values that differ in the case of a name count once, the last one; texts are octets', () => {
  const values = (type: string, list: string[]) =>
    valuesOf(createRRset(origin, parseType(type), { ttl: 60, values: list }));
  expect(values('NS', ['NS1.example.net', 'ns2.example.net', 'ns1.example.net'])).toEqual([
    'ns1.example.net',
    'ns2.example.net',
  ]);
  expect(
    values('MX', ['10 Mail.example.net', '10 mail.example.net', '20 mail.example.net']),
  ).toEqual([
    { preference: 10, exchange: 'mail.example.net' },
    { preference: 20, exchange: 'mail.example.net' },
  ]);
  expect(values('TXT', ['a', 'A'])).toHaveLength(2);
});
