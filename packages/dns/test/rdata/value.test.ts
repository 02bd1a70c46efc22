import { describe, expect, test } from 'vitest';
import { parseType, Type } from '../../src/numbers.ts';
import { decodeRdata } from '../../src/rdata/decode-rdata.ts';
import { encodeRdata } from '../../src/rdata/encode-rdata.ts';
import { rdataToText } from '../../src/rdata/rdata-text.ts';
import type { RecordValue } from '../../src/rdata/value.ts';

const digest = 'AB'.repeat(32);
const rows: readonly (readonly [type: string, value: RecordValue, text: string])[] = [
  ['A', '192.0.2.1', '192.0.2.1'],
  ['AAAA', '2001:db8::1', '2001:db8::1'],
  ['NS', 'ns1.example.net', 'ns1.example.net.'],
  ['CNAME', '.', '.'],
  ['TXT', 'v=spf1 -all; "x"', '"v=spf1 -all; \\"x\\""'],
  ['TXT', ['a b', ''], '"a b" ""'],
  ['TXT', ['\\# 1 00'], '"\\\\# 1 00"'],
  ['X25', '311061700956', '"311061700956"'],
  ['MX', { preference: 10, exchange: 'mail.example.net' }, '10 mail.example.net.'],
  [
    'SRV',
    { priority: 0, weight: 5, port: 5060, target: 's.example.net' },
    '0 5 5060 s.example.net.',
  ],
  [
    'SOA',
    {
      mname: 'a.',
      rname: 'b.',
      serial: 1,
      refresh: 2,
      retry: 3,
      expire: 4,
      minimum: 4_294_967_295,
    },
    'a. b. 1 2 3 4 4294967295',
  ],
  ['CAA', { flags: 0, tag: 'issue', value: 'ca.example.net' }, '0 issue "ca.example.net"'],
  ['DS', { keyTag: 1, algorithm: 13, digestType: 2, digest }, `1 13 2 ${digest}`],
  [
    'DNSKEY',
    { flags: 257, protocol: 3, algorithm: 13, publicKey: 'AQIDBA==' },
    '257 3 13 AQIDBA==',
  ],
  ['TLSA', { usage: 3, selector: 1, matchingType: 1, data: digest }, `3 1 1 ${digest}`],
  ['SSHFP', { algorithm: 4, fingerprintType: 2, fingerprint: digest }, `4 2 ${digest}`],
  [
    'NAPTR',
    {
      order: 1,
      preference: 2,
      flags: 'S',
      services: 'a+b',
      regexp: '',
      replacement: '_x.example.net',
    },
    '1 2 "S" "a+b" "" _x.example.net.',
  ],
  [
    'URI',
    { priority: 1, weight: 2, target: 'https://example.net/"' },
    '1 2 "https://example.net/\\""',
  ],
  ['NSEC', { next: 'b.example.net', types: ['A', 'TYPE999'] }, 'b.example.net. A TYPE999'],
  [
    'RRSIG',
    {
      typeCovered: 'A',
      algorithm: 13,
      labels: 2,
      originalTtl: 60,
      expiration: 1_893_456_000,
      inception: 0,
      keyTag: 7,
      signerName: 'example.net',
      signature: 'AQIDBA==',
    },
    'A 13 2 60 20300101000000 19700101000000 7 example.net. AQIDBA==',
  ],
  ['AFSDB', { subtype: 1, host: 'r.example.net' }, '1 r.example.net.'],
  [
    'LOC',
    '1 0 0.000 N 2 0 0.000 E 3.00m 1.00m 10000.00m 10.00m',
    '1 0 0.000 N 2 0 0.000 E 3.00m 1.00m 10000.00m 10.00m',
  ],
  ['APL', '1:192.0.2.0/24', '1:192.0.2.0/24'],
  ['APL', '\\# 0', '\\# 0'],
  ['TYPE65280', '\\# 2 0102', '\\# 2 0102'],
];

test.each(rows)('%s of %j', (name, value, text) => {
  const type = parseType(name);
  const rdata = encodeRdata(type, value);
  expect(rdataToText(type, rdata)).toBe(text);
  expect(decodeRdata(type, rdata)).toEqual(value);
});

describe('also understood', () => {
  const short: readonly (readonly [type: string, value: RecordValue, text: string])[] = [
    ['MX', '10 mail.example.net', '10 mail.example.net.'],
    ['SOA', 'a b 1 2h 3 4w 5', 'a. b. 1 7200 3 2419200 5'],
    ['CAA', { tag: 'issue', value: ';' }, '0 issue ";"'],
    ['CAA', '0 issue letsencrypt.org', '0 issue "letsencrypt.org"'],
    ['DNSKEY', { flags: 257, algorithm: 13, publicKey: Buffer.from([1]) }, '257 3 13 AQ=='],
    [
      'DS',
      { keyTag: 1, algorithm: 13, digestType: 2, digest: Buffer.alloc(32) },
      `1 13 2 ${'00'.repeat(32)}`,
    ],
    [
      'RRSIG',
      'TYPE1 13 2 1h 20300101000000 0 7 example.net AQID BA==',
      'A 13 2 3600 20300101000000 19700101000000 7 example.net. AQIDBA==',
    ],
    ['NSEC', { next: '.', types: ['type1', 'aaaa'] }, '. A AAAA'],
    ['A', Buffer.from([192, 0, 2, 1]), '192.0.2.1'],
    ['TXT', Buffer.from([1, 255]), '"\\255"'],
  ];
  test.each(short)('%s of %j', (name, value, text) => {
    const type = parseType(name);
    expect(rdataToText(type, encodeRdata(type, value))).toBe(text);
  });

  test('text that is no UTF-8 is read as octets', () => {
    expect(decodeRdata(Type.TXT, encodeRdata(Type.TXT, Buffer.from([1, 255])))).toBe('\\# 2 01FF');
  });
});

describe('refused', () => {
  const bad: readonly (readonly [type: string, value: unknown])[] = [
    ['A', '192.0.2'],
    ['A', 1],
    ['A', { address: '192.0.2.1' }],
    ['A', Buffer.alloc(5)],
    ['NS', ''],
    ['NS', 'a..b'],
    ['CNAME', '@'],
    ['TXT', 'x'.repeat(256)],
    ['TXT', []],
    ['TXT', [1]],
    ['MX', { preference: 65_536, exchange: 'a' }],
    ['MX', { preference: '1', exchange: 'a' }],
    ['MX', { preference: 1 }],
    ['MX', undefined],
    ['MX', null],
    ['MX', '10'],
    ['SOA', { mname: 'a' }],
    ['CAA', { tag: 'no tag', value: '' }],
    ['DS', { keyTag: 1, algorithm: 13, digestType: 2, digest: 'AB' }],
    ['NSEC', { next: '.', types: [] }],
    ['NSEC', { next: '.', types: [-1] }],
    ['OPT', Buffer.alloc(0)],
    ['ANY', '\\# 0'],
    ['TYPE65280', 'x'],
    ['TYPE65280', { a: 1 }],
    ['TYPE65280', '\\# 2 01'],
  ];
  test.each(bad)('%s of %j', (name, value) => {
    expect(() => encodeRdata(parseType(name), value as RecordValue)).toThrow(
      expect.objectContaining({
        code: 'HAWSER_DNS_RDATA',
        message: expect.stringMatching(/^Cannot /),
      }),
    );
  });
});
