// Vectors of RFC 9460 appendix D, of its extensions, and the rules of the presentation format.
import { describe, expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { decodeRdata } from '../../src/rdata/decode-rdata.ts';
import { encodeRdata } from '../../src/rdata/encode-rdata.ts';
import { checkRdata } from '../../src/rdata/rdata.ts';
import { rdataFromText, rdataToText } from '../../src/rdata/rdata-text.ts';

const origin = Name.parse('example.com');
const org = '03666f6f076578616d706c65036f726700';
const com = '03666f6f076578616d706c6503636f6d00';
const dotCom = '076578616d706c6503636f6d00';

const vectors: [name: string, text: string, wire: string, printed?: string][] = [
  ['D.1 alias', '0 foo.example.com.', `0000${com}`],
  ['D.2 figure 3: the owner', '1 .', '000100'],
  ['D.2 figure 4: port', '16 foo.example.com. port=53', `0010${com}000300020035`],
  [
    'D.2 figure 5: a generic key',
    '1 foo.example.com. key667=hello',
    `0001${com}029b000568656c6c6f`,
  ],
  [
    'D.2 figure 6: a generic key with an octet',
    '1 foo.example.com. key667="hello\\210qoo"',
    `0001${com}029b000968656c6c6fd2716f6f`,
  ],
  [
    'D.2 figure 7: two IPv6 hints',
    '1 foo.example.com. ipv6hint=2001:db8::1,2001:db8::53:1',
    `0001${com}0006002020010db800000000000000000000000120010db8000000000000000000530001`,
  ],
  [
    'D.2 figure 8: an IPv6 hint with IPv4 in it',
    '1 example.com. ipv6hint=2001:db8:122:344::192.0.2.33',
    `0001${dotCom}0006001020010db8012203440000 0000c0000221`.replace(' ', ''),
    '1 example.com. ipv6hint=2001:db8:122:344::c000:221',
  ],
  [
    'D.2 figure 9: keys are sorted',
    '16 foo.example.org. (alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1)',
    `0010${org}0000000400010004000100090268320568332d313900040004c0000201`,
    '16 foo.example.org. mandatory=alpn,ipv4hint alpn=h2,h3-19 ipv4hint=192.0.2.1',
  ],
  [
    'D.2 figure 10: escapes in alpn, quoted',
    '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
    `0010${org}0001000c08665c6f6f2c626172026832`,
  ],
  [
    'D.2 figure 10: escapes in alpn, unquoted',
    '16 foo.example.org. alpn=f\\\\\\092oo\\092,bar,h2',
    `0010${org}0001000c08665c6f6f2c626172026832`,
    '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
  ],
  [
    'RFC 9461: dohpath with other variables',
    '1 . alpn=h2 dohpath="/q{a}{?b,dns,c}"',
    `0001 00 0001 0003 026832 0007 000f ${hexOf('/q{a}{?b,dns,c}')}`.replaceAll(' ', ''),
  ],
  [
    'RFC 9461: dohpath',
    '1 . alpn=h2 dohpath="/dns-query{?dns}"',
    '000100000100030268320007 00102f646e732d71756572797b3f646e737d'.replace(' ', ''),
  ],
  ['RFC 9540: ohttp', '1 . alpn=h2 ohttp', '00010000010003026832' + '00080000'],
  ['no default', '1 . alpn=h3 no-default-alpn', '0001000001000302683300020000'],
  ['ech', '1 . ech=AQIDBA==', '0001000005000401020304'],
  ['a key without value', '1 . key65000', '000100fde80000'],
  ['a known key by its number', '1 . key3=\\000\\053', '000100000300020035', '1 . port=53'],
  ['a value that is empty', '1 . key65000=""', '000100fde80000', '1 . key65000'],
];

describe('text to wire to text', () => {
  test.each(vectors)('%s', (_name, text, wire, printed = text) => {
    const rdata = rdataFromText(Type.SVCB, text, { origin });
    expect(rdata.wire.toString('hex')).toBe(wire);
    expect(rdataToText(Type.HTTPS, rdata)).toBe(printed);
    expect(encodeRdata(Type.SVCB, decodeRdata(Type.SVCB, rdata)).wire).toEqual(rdata.wire);
  });
});

describe('text that is refused', () => {
  test.each([
    ['D.3 figure 11: a key twice', '1 foo.example.com. key123=abc key123=def'],
    ['D.3 figure 12: mandatory without value', '1 foo.example.com. mandatory'],
    ['D.3 figure 12: alpn without value', '1 foo.example.com. alpn'],
    ['D.3 figure 12: port without value', '1 foo.example.com. port'],
    ['D.3 figure 12: ipv4hint without value', '1 foo.example.com. ipv4hint'],
    ['D.3 figure 12: ipv6hint without value', '1 foo.example.com. ipv6hint'],
    [
      'D.3 figure 13: no-default-alpn with a value',
      '1 foo.example.com. no-default-alpn=abc alpn=h2',
    ],
    ['D.3 figure 14: a mandatory key is missing', '1 foo.example.com. mandatory=key123'],
    ['D.3 figure 15: mandatory is mandatory', '1 foo.example.com. mandatory=mandatory'],
    [
      'D.3 figure 16: a mandatory key twice',
      '1 foo.example.com. mandatory=key123,key123 key123=abc',
    ],
    ['no-default-alpn without alpn', '1 . no-default-alpn'],
    ['an empty item in alpn', '1 . alpn=h2,,h3'],
    ['a port that is none', '1 . port=65536'],
    ['a key that is none', '1 . nonsense=1'],
    ['a key with leading zeros', '1 . key0667=1'],
    ['the reserved key', '1 . key65535=1'],
    ['a key in capitals', '1 . ALPN=h2'],
    ['a path that is no template', '1 . dohpath=/dns-query'],
    ['ohttp with a value', '1 . ohttp=1'],
    ['ech that is no base64', '1 . ech=%%'],
  ])('%s', (_name, text) => {
    expect(() => rdataFromText(Type.SVCB, text)).toThrow(
      expect.objectContaining({
        code: 'HAWSER_DNS_RDATA',
        message: expect.stringMatching(/^Cannot read .*\(column \d+\)$/),
      }),
    );
  });
});

describe('wire that is refused (RFC 9460 §2.2)', () => {
  test.each([
    ['keys out of order', '00010000040004c00002010003 00020035'],
    ['a key twice', '0001000003000200350003 00020035'],
    ['a length past the end', '00010000030003 0035'],
    ['half a key', '000100000300'],
    ['half a port', '00010000030001 00'],
    ['a path that is no template', `000100 0007 000a ${hexOf('/dns-query')}`],
    ['a path with another variable', `000100 0007 0009 ${hexOf('/q{?dnsx}')}`],
    ['a path whose variable is behind it', `000100 0007 000a ${hexOf('/q{?a}dns}')}`],
    ['a path with an open brace', `000100 0007 0007 ${hexOf('/q{?dns')}`],
    ['a path that is relative', `000100 0007 0007 ${hexOf('q{?dns}')}`],
    // A matcher that tries each brace with each name would be at it for an hour.
    ['braces without end', `000100 0007 fa00 ${hexOf('/{dn'.concat('{dns'.repeat(15_999)))}`],
    ['an empty alpn', '00010000010000'],
    ['an alpn that leaves its value', '000100000100020568'],
    ['a compressed target', '0001c00c'],
    ['no target', '0001'],
  ])('%s', (_name, hex) => {
    expect(checkRdata(Type.SVCB, Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toBeUndefined();
  });
});

describe('values of a program', () => {
  const value = {
    priority: 1,
    target: 'svc.example.net',
    params: {
      ipv6hint: ['2001:db8::1'],
      mandatory: ['port', 'alpn'],
      alpn: ['h2', 'h3'],
      'no-default-alpn': true,
      port: 8443,
      ipv4hint: ['192.0.2.1', '192.0.2.2'],
      ech: 'AQIDBA==',
      dohpath: '/q{?dns}',
      ohttp: true,
      key667: 'hello',
    },
  } as const;

  test('an object is written in order, and read again', () => {
    const rdata = encodeRdata(Type.HTTPS, value);
    expect(rdataToText(Type.HTTPS, rdata)).toBe(
      '1 svc.example.net. mandatory=alpn,port alpn=h2,h3 no-default-alpn port=8443 ' +
        'ipv4hint=192.0.2.1,192.0.2.2 ech=AQIDBA== ipv6hint=2001:db8::1 dohpath="/q{?dns}" ohttp key667=hello',
    );
    expect(decodeRdata(Type.HTTPS, rdata)).toEqual({
      ...value,
      params: { ...value.params, mandatory: ['alpn', 'port'] },
    });
    expect(String(rdata.target)).toBe('svc.example.net');
  });

  test('parameters may be left out, be text, or be octets', () => {
    const plain = encodeRdata(Type.SVCB, { priority: 0, target: 'a.example.net' });
    expect(rdataToText(Type.SVCB, plain)).toBe('0 a.example.net.');
    const text = encodeRdata(Type.SVCB, { priority: 1, target: '.', params: 'port=1 alpn=h2' });
    expect(rdataToText(Type.SVCB, text)).toBe('1 . alpn=h2 port=1');
    const octets = { priority: 1, target: '.', params: { key9: Buffer.from([255]) } };
    expect(rdataToText(Type.SVCB, encodeRdata(Type.SVCB, octets))).toBe('1 . key9="\\255"');
  });

  test.each([
    [{ alpn: [] }],
    [{ alpn: [''] }],
    [{ port: 70_000 }],
    [{ port: '53' }],
    [{ ipv4hint: ['::1'] }],
    [{ ipv4hint: [] }],
    [{ 'no-default-alpn': true }],
    [{ mandatory: ['port'] }],
    [{ nonsense: 'x' }],
    [{ ech: '%' }],
  ])('%o is refused', (params) => {
    expect(() => encodeRdata(Type.SVCB, { priority: 1, target: '.', params })).toThrow(
      expect.objectContaining({ code: 'HAWSER_DNS_RDATA' }),
    );
  });
});

function hexOf(text: string): string {
  return Buffer.from(text).toString('hex');
}
