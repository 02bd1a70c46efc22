import * as packet from 'dns-packet';
import { describe, expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import { parseType, Rcode, Type } from '../../src/numbers.ts';
import type { RecordValue } from '../../src/rdata/value.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { createRRset } from '../../src/zone/rrset.ts';
import { Zone } from '../../src/zone/zone.ts';
import { opt, query } from '../build.ts';
import { readReply } from '../read-reply.ts';
import { responderFor } from './responder-for.ts';

const soa = 'example.net 60 SOA ns1.example.net hostmaster.example.net 1 7200 900 1209600 60';

/** `name TYPE value` lines, names relative to the zone. */
function zoneOf(...lines: readonly (readonly [string, string, ...RecordValue[]])[]): Zone {
  const origin = Name.parse('example.net');
  const base = newZone(origin, { ns: ['ns1.example.net'] });
  const rrsets = lines.map(([name, type, ...values]) =>
    createRRset(name === '@' ? origin : Name.parse(name).concat(origin), parseType(type), {
      ttl: 300,
      values,
    }),
  );
  return Zone.of(origin, [...base.rrsets(), ...rrsets]);
}

const zone = zoneOf(
  ['@', 'MX', { preference: 10, exchange: 'mail.example.net' }, '20 mx.example.org'],
  ['@', 'TXT', 'v=spf1 -all'],
  ['ns1', 'A', '192.0.2.1'],
  ['mail', 'A', '192.0.2.2'],
  ['mail', 'AAAA', '2001:db8::2'],
  ['WWW', 'A', '192.0.2.3', '192.0.2.4'],
  ['a.deep.tree', 'A', '192.0.2.5'],
  ['alias', 'CNAME', 'www.example.net'],
  ['out', 'CNAME', 'www.example.org'],
  ['dangling', 'CNAME', 'missing.example.net'],
  ['nodata', 'CNAME', 'ns1.example.net'],
  ['one', 'CNAME', 'two.example.net'],
  ['two', 'CNAME', 'one.example.net'],
  ['self', 'CNAME', 'self.example.net'],
  ['*.wild', 'A', '192.0.2.6'],
  ['host.wild', 'TXT', 'hides the wildcard'],
  ['x.ent.wild', 'TXT', 'makes ent.wild an empty non-terminal'],
  ['*.to', 'CNAME', 'www.example.net'],
  ['f.*.e', 'A', '192.0.2.7'],
  ['sub', 'NS', 'ns.sub.example.net', 'ns1.example.net', 'ns.example.org'],
  ['ns.sub', 'A', '192.0.2.8'],
  ['ns.sub', 'AAAA', '2001:db8::8'],
  ['below.sub', 'A', '192.0.2.9'],
  ['tosub', 'CNAME', 'x.sub.example.net'],
  ['old', 'DNAME', 'tree.example.net'],
  ['gone', 'DNAME', 'elsewhere.example.org'],
  ['long', 'DNAME', `${'y'.repeat(60)}.${'y'.repeat(60)}.${'y'.repeat(60)}.example.net`],
  ['back.tree', 'CNAME', 'a.deep.old.example.net'],
  ['grows', 'DNAME', 'x.grows.example.net'],
  ['_sip._tcp', 'SRV', '0 5 5060 mail.example.net'],
  ['caa', 'CAA', { tag: 'issue', value: 'letsencrypt.org' }],
  ['ptr', 'PTR', 'www.example.net'],
  ['strings', 'TXT', ['one', 'two']],
  ['unknown', 'TYPE65280', '\\# 3 010203'],
);

const responder = responderFor([zone]);

function ask(name: string, type = 'A') {
  return readReply(responder.answer(query(name, parseType(type), { additionals: [opt()] })));
}

describe('the answer of a zone', () => {
  test.each([
    [
      'www.example.net',
      'A',
      ['www.example.net 300 A 192.0.2.3', 'www.example.net 300 A 192.0.2.4'],
    ],
    ['mail.example.net', 'AAAA', ['mail.example.net 300 AAAA 2001:db8::2']],
    [
      'example.net',
      'SOA',
      ['example.net 3600 SOA ns1.example.net hostmaster.example.net 1 7200 900 1209600 60'],
    ],
    ['ptr.example.net', 'PTR', ['ptr.example.net 300 PTR www.example.net']],
    ['caa.example.net', 'CAA', ['caa.example.net 300 CAA 0 issue letsencrypt.org']],
    ['strings.example.net', 'TXT', ['strings.example.net 300 TXT one two']],
    ['unknown.example.net', 'TYPE65280', ['unknown.example.net 300 TYPE65280 \\# 3 010203']],
    ['alias.example.net', 'CNAME', ['alias.example.net 300 CNAME www.example.net']],
    ['x.wild.example.net', 'A', ['x.wild.example.net 300 A 192.0.2.6']],
    ['y.x.wild.example.net', 'A', ['y.x.wild.example.net 300 A 192.0.2.6']],
    ['*.wild.example.net', 'A', ['*.wild.example.net 300 A 192.0.2.6']],
    ['f.*.e.example.net', 'A', ['f.*.e.example.net 300 A 192.0.2.7']],
    [
      'alias.example.net',
      'A',
      [
        'alias.example.net 300 CNAME www.example.net',
        'www.example.net 300 A 192.0.2.3',
        'www.example.net 300 A 192.0.2.4',
      ],
    ],
    [
      'x.to.example.net',
      'A',
      [
        'x.to.example.net 300 CNAME www.example.net',
        'www.example.net 300 A 192.0.2.3',
        'www.example.net 300 A 192.0.2.4',
      ],
    ],
    ['out.example.net', 'A', ['out.example.net 300 CNAME www.example.org']],
    [
      'one.example.net',
      'A',
      ['one.example.net 300 CNAME two.example.net', 'two.example.net 300 CNAME one.example.net'],
    ],
    ['self.example.net', 'A', ['self.example.net 300 CNAME self.example.net']],
    [
      'a.deep.old.example.net',
      'A',
      [
        'old.example.net 300 DNAME tree.example.net',
        'a.deep.old.example.net 300 CNAME a.deep.tree.example.net',
        'a.deep.tree.example.net 300 A 192.0.2.5',
      ],
    ],
    [
      'back.old.example.net',
      'A',
      [
        'old.example.net 300 DNAME tree.example.net',
        'back.old.example.net 300 CNAME back.tree.example.net',
        'back.tree.example.net 300 CNAME a.deep.old.example.net',
        'a.deep.old.example.net 300 CNAME a.deep.tree.example.net',
        'a.deep.tree.example.net 300 A 192.0.2.5',
      ],
    ],
    [
      'a.grows.example.net',
      'A',
      [
        'grows.example.net 300 DNAME x.grows.example.net',
        'a.grows.example.net 300 CNAME a.x.grows.example.net',
      ],
    ],
    [
      'a.old.example.net',
      'CNAME',
      [
        'old.example.net 300 DNAME tree.example.net',
        'a.old.example.net 300 CNAME a.tree.example.net',
      ],
    ],
    [
      'x.gone.example.net',
      'A',
      [
        'gone.example.net 300 DNAME elsewhere.example.org',
        'x.gone.example.net 300 CNAME x.elsewhere.example.org',
      ],
    ],
    ['old.example.net', 'DNAME', ['old.example.net 300 DNAME tree.example.net']],
    ['mail.example.net', 'ANY', ['mail.example.net 300 A 192.0.2.2']],
    ['alias.example.net', 'ANY', ['alias.example.net 300 CNAME www.example.net']],
  ])('%s %s is answered', (name, type, answer) => {
    const reply = ask(name, type);
    expect(reply).toMatchObject({
      rcode: Rcode.NoError,
      aa: true,
      tc: false,
      answer,
      authority: [],
    });
  });

  test.each([
    ['no such name', 'missing.example.net', 'A', Rcode.NXDomain, []],
    ['a name below a missing one', 'a.b.missing.example.net', 'A', Rcode.NXDomain, []],
    ['a name below a host', 'x.www.example.net', 'A', Rcode.NXDomain, []],
    ['another type of a host', 'www.example.net', 'AAAA', Rcode.NoError, []],
    ['another type of the origin', 'example.net', 'A', Rcode.NoError, []],
    ['an empty non-terminal', 'deep.tree.example.net', 'A', Rcode.NoError, []],
    ['anything of an empty non-terminal', 'tree.example.net', 'ANY', Rcode.NoError, []],
    ['DS at the origin', 'example.net', 'DS', Rcode.NoError, []],
    ['DS at a delegation', 'sub.example.net', 'DS', Rcode.NoError, []],
    ['a wildcard of another type', 'x.wild.example.net', 'TXT', Rcode.NoError, []],
    [
      'a name the wildcard does not cover as it exists',
      'host.wild.example.net',
      'A',
      Rcode.NoError,
      [],
    ],
    ['a name below one that exists', 'x.host.wild.example.net', 'A', Rcode.NXDomain, []],
    ['an empty non-terminal beside a wildcard', 'ent.wild.example.net', 'A', Rcode.NoError, []],
    ['a name below that', 'y.ent.wild.example.net', 'A', Rcode.NXDomain, []],
    ['a literal * in the middle', 'a.*.wild.example.net', 'A', Rcode.NXDomain, []],
    ['a wildcard that is an empty non-terminal', 'x.e.example.net', 'A', Rcode.NoError, []],
    [
      'the end of a chain that is missing',
      'dangling.example.net',
      'A',
      Rcode.NXDomain,
      ['dangling.example.net 300 CNAME missing.example.net'],
    ],
    [
      'the end of a chain without that type',
      'nodata.example.net',
      'AAAA',
      Rcode.NoError,
      ['nodata.example.net 300 CNAME ns1.example.net'],
    ],
  ])('%s is denied with the SOA', (_, name, type, rcode, answer) => {
    expect(ask(name, type)).toMatchObject({
      rcode,
      aa: true,
      answer,
      authority: [soa],
      additional: [],
    });
  });

  const servers = [
    'sub.example.net 300 NS ns.sub.example.net',
    'sub.example.net 300 NS ns1.example.net',
    'sub.example.net 300 NS ns.example.org',
  ];
  const glue = [
    'ns.sub.example.net 300 A 192.0.2.8',
    'ns.sub.example.net 300 AAAA 2001:db8::8',
    'ns1.example.net 300 A 192.0.2.1',
  ];

  test.each([
    ['the delegation', 'sub.example.net', 'A'],
    ['its servers', 'sub.example.net', 'NS'],
    ['a name below', 'x.y.sub.example.net', 'A'],
    ['glue', 'ns.sub.example.net', 'A'],
    ['hidden data', 'below.sub.example.net', 'A'],
    ['DS below', 'below.sub.example.net', 'DS'],
  ])('%s is referred, with glue and without AA', (_, name, type) => {
    expect(ask(name, type)).toMatchObject({
      rcode: 0,
      aa: false,
      answer: [],
      authority: servers,
      additional: glue,
    });
  });

  test('an alias into a delegation keeps AA for its first owner', () => {
    expect(ask('tosub.example.net')).toMatchObject({
      aa: true,
      answer: ['tosub.example.net 300 CNAME x.sub.example.net'],
      authority: servers,
      additional: glue,
    });
  });

  test('a DNAME that makes a name too long is YXDOMAIN', () => {
    const reply = ask(`${'x'.repeat(60)}.long.example.net`);
    expect(reply).toMatchObject({ rcode: Rcode.YXDomain, aa: true });
    expect(reply.answer).toHaveLength(1);
  });

  test.each([
    [
      'MX',
      'example.net',
      ['mail.example.net 300 A 192.0.2.2', 'mail.example.net 300 AAAA 2001:db8::2'],
    ],
    [
      'SRV',
      '_sip._tcp.example.net',
      ['mail.example.net 300 A 192.0.2.2', 'mail.example.net 300 AAAA 2001:db8::2'],
    ],
    ['NS', 'example.net', ['ns1.example.net 300 A 192.0.2.1']],
  ])('%s comes with addresses of its targets', (type, name, additional) => {
    expect(ask(name, type)).toMatchObject({ aa: true, authority: [], additional });
  });

  test('an alias chain ends after 16 names', () => {
    const links = Array.from({ length: 30 }, (_, index): [string, string, string] => [
      `c${index}`,
      'CNAME',
      `c${index + 1}.example.net`,
    ]);
    const reply = readReply(responderFor([zoneOf(...links)]).answer(query('c0.example.net')));
    expect(reply.rcode).toBe(Rcode.NoError);
    expect(reply.answer).toHaveLength(17);
  });

  test('the spelling of the question comes back, and that of the zone does not show', () => {
    const reply = responder.answer(query('wWw.ExAmPlE.nEt')) as Buffer;
    expect(reply.includes(Buffer.from('\x03wWw\x07ExAmPlE\x03nEt\x00', 'latin1'))).toBe(true);
    // The owner is a pointer to the question.
    expect(reply.subarray(33, 35).toString('hex')).toBe('c00c');
    // The same from the cache, for somebody who spells it differently.
    const again = responder.answer(query('WwW.example.net', 1, { id: 7, flags: 0 })) as Buffer;
    expect(again.includes(Buffer.from('\x03WwW\x07example\x03net\x00', 'latin1'))).toBe(true);
    expect(readReply(again)).toMatchObject({ id: 7, flags: 0x8400 });
  });

  test('only the deepest of several zones answers, but DS belongs to the parent', () => {
    const child = newZone(Name.parse('sub.example.net'), { ns: ['ns.sub.example.net'] });
    const both = responderFor([zone, child]);
    expect(readReply(both.answer(query('sub.example.net', Type.SOA)))).toMatchObject({
      aa: true,
      answer: [expect.stringContaining('sub.example.net')],
    });
    expect(readReply(both.answer(query('sub.example.net', Type.DS)))).toMatchObject({
      aa: true,
      authority: [soa],
    });
  });

  test('another implementation reads the same', () => {
    for (const rrset of zone.rrsets()) {
      if (rrset.type === 65280 || rrset.name.toString().includes('sub')) continue;
      const reply = responder.answer(
        query(rrset.name.toString(), rrset.type, { additionals: [opt()] }),
      ) as Buffer;
      const decoded = packet.decode(reply);
      const { answers = [], additionals = [] } = decoded;
      expect(decoded).toHaveProperty('rcode', 'NOERROR');
      expect(answers[0]?.name.toLowerCase()).toBe(rrset.name.toString().toLowerCase());
      expect(answers.length).toBeGreaterThanOrEqual(rrset.records.length);
      expect(additionals.at(-1)).toMatchObject({ type: 'OPT', udpPayloadSize: 1232 });
    }
  });
});
