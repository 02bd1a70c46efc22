import { describe, expect, test } from 'vitest';
import { optionIn } from '../../src/message/edns.ts';
import { type EdnsCodec, ednsCodecs } from '../../src/message/edns-option.ts';
import { readMessage } from '../../src/message/reader.ts';
import { opt, query } from '../build.ts';

const { nsid, clientSubnet, cookie, keepalive, expire, padding, error, updateLease } = ednsCodecs;
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
/** A codec whose value only it knows. */
interface AnyCodec extends Omit<EdnsCodec<never>, 'decode'> {
  decode(data: Buffer): unknown;
}

describe('values that are read and written', () => {
  test.each<[string, AnyCodec, number, string, unknown]>([
    ['NSID in a query', nsid, 3, '', Buffer.alloc(0)],
    ['NSID', nsid, 3, '6e7331', Buffer.from('ns1')],
    [
      'client subnet, IPv4',
      clientSubnet,
      8,
      '0001 18 00 c00002',
      { address: '192.0.2.0', sourcePrefix: 24, scopePrefix: 0 },
    ],
    [
      'client subnet, IPv4 with scope',
      clientSubnet,
      8,
      '0001 18 10 c00002',
      { address: '192.0.2.0', sourcePrefix: 24, scopePrefix: 16 },
    ],
    [
      'client subnet, whole IPv4 address',
      clientSubnet,
      8,
      '0001 20 00 c0000201',
      { address: '192.0.2.1', sourcePrefix: 32, scopePrefix: 0 },
    ],
    [
      'client subnet, IPv6 with bits that make no octet',
      clientSubnet,
      8,
      '0002 2f 30 20010db8 00fe',
      { address: '2001:db8:fe::', sourcePrefix: 47, scopePrefix: 48 },
    ],
    [
      'client subnet, nothing of the address',
      clientSubnet,
      8,
      '0001 00 00',
      { address: '0.0.0.0', sourcePrefix: 0, scopePrefix: 0 },
    ],
    [
      'client subnet, no family, as dig +subnet=0 sends it',
      clientSubnet,
      8,
      '0000 00 00',
      { address: '', sourcePrefix: 0, scopePrefix: 0 },
    ],
    ['EXPIRE in a query', expire, 9, '', { seconds: undefined }],
    ['EXPIRE', expire, 9, '00093a80', { seconds: 604_800 }],
    [
      'COOKIE of a client',
      cookie,
      10,
      '0102030405060708',
      { client: hex('0102030405060708'), server: Buffer.alloc(0) },
    ],
    [
      'COOKIE of both',
      cookie,
      10,
      '0102030405060708 1112131415161718',
      { client: hex('0102030405060708'), server: hex('1112131415161718') },
    ],
    [
      'COOKIE, longest',
      cookie,
      10,
      `0102030405060708 ${'aa'.repeat(32)}`,
      { client: hex('0102030405060708'), server: hex('aa'.repeat(32)) },
    ],
    ['KEEPALIVE in a query', keepalive, 11, '', { timeoutMs: undefined }],
    ['KEEPALIVE', keepalive, 11, '0064', { timeoutMs: 10_000 }],
    ['KEEPALIVE, longest', keepalive, 11, 'ffff', { timeoutMs: 6_553_500 }],
    ['PADDING', padding, 12, '00000000', 4],
    ['no PADDING', padding, 12, '', 0],
    ['extended error', error, 15, '0017', { code: 23 }],
    ['extended error with text', error, 15, '0000 c3bc', { code: 0, text: 'ü' }],
    ['update lease', updateLease, 2, '00000e10', { leaseSeconds: 3600 }],
    [
      'update lease with one for keys',
      updateLease,
      2,
      '00000e10 00127500',
      { leaseSeconds: 3600, keyLeaseSeconds: 1_209_600 },
    ],
  ])('%s', (_, codec, code, data, value) => {
    expect(codec.code).toBe(code);
    expect(codec.decode(hex(data))).toEqual(value);
    expect(codec.encode(value as never)).toEqual({ code, data: hex(data) });
  });

  test('an extended error may end in a zero octet, which is not part of the text', () => {
    expect(error.decode(hex('0012 6e6f 00'))).toEqual({ code: 18, text: 'no' });
    expect(error.decode(hex('0012 00'))).toEqual({ code: 18 });
  });

  test('an address is sent only as far as it is to be known', () => {
    const sent = clientSubnet.encode({ address: '192.0.2.255', sourcePrefix: 25 });
    expect(sent.data).toEqual(hex('0001 19 00 c0000280'));
  });

  test('a keepalive is rounded down to steps of 100 ms', () => {
    expect(keepalive.encode({ timeoutMs: 299 }).data).toEqual(hex('0002'));
  });
});

describe('values that break the rules of their option', () => {
  test.each<[string, AnyCodec, string]>([
    ['client subnet without its prefixes', clientSubnet, '000118'],
    ['client subnet of an unknown family', clientSubnet, '0003 08 00 c0'],
    ['client subnet of no family with an address', clientSubnet, '0000 08 00 c0'],
    ['client subnet with too few octets', clientSubnet, '0001 18 00 c000'],
    ['client subnet with too many octets', clientSubnet, '0001 18 00 c0000200'],
    ['client subnet with a prefix longer than the address', clientSubnet, '0001 21 00 c000020101'],
    ['client subnet with a scope longer than the address', clientSubnet, '0001 18 21 c00002'],
    ['client subnet with bits behind the prefix', clientSubnet, '0001 17 00 c00003'],
    ['COOKIE of 7 octets', cookie, '01020304050607'],
    ['COOKIE of 9 octets', cookie, '010203040506070809'],
    ['COOKIE of 15 octets', cookie, '01'.repeat(15)],
    ['COOKIE of 41 octets', cookie, '01'.repeat(41)],
    ['KEEPALIVE of one octet', keepalive, '01'],
    ['KEEPALIVE of three octets', keepalive, '010101'],
    ['EXPIRE of three octets', expire, '010101'],
    ['EXPIRE of five octets', expire, '0101010101'],
    ['extended error without its code', error, '00'],
    ['update lease of three octets', updateLease, '000000'],
    ['update lease of six octets', updateLease, '000000000000'],
  ])('%s is not read', (_, codec, data) => {
    expect(codec.decode(hex(data))).toBeUndefined();
  });

  test.each<[string, () => unknown]>([
    [
      'a client cookie of 7 octets',
      () => cookie.encode({ client: Buffer.alloc(7), server: Buffer.alloc(8) }),
    ],
    [
      'a server cookie of 7 octets',
      () => cookie.encode({ client: Buffer.alloc(8), server: Buffer.alloc(7) }),
    ],
    [
      'a server cookie of 33 octets',
      () => cookie.encode({ client: Buffer.alloc(8), server: Buffer.alloc(33) }),
    ],
    ['a subnet of a name', () => clientSubnet.encode({ address: 'a.example', sourcePrefix: 0 })],
    ['a prefix of 33 bits', () => clientSubnet.encode({ address: '192.0.2.1', sourcePrefix: 33 })],
    [
      'a prefix of half a bit',
      () => clientSubnet.encode({ address: '192.0.2.1', sourcePrefix: 0.5 }),
    ],
    [
      'a scope below 0',
      () => clientSubnet.encode({ address: '::', sourcePrefix: 0, scopePrefix: -1 }),
    ],
    ['a keepalive too long', () => keepalive.encode({ timeoutMs: 6_553_600 })],
    ['a keepalive below 0', () => keepalive.encode({ timeoutMs: -1 })],
    ['an expiry too late', () => expire.encode({ seconds: 2 ** 32 })],
    ['padding of 65536 octets', () => padding.encode(65_536)],
    ['an extended error of 17 bits', () => error.encode({ code: 65_536 })],
    ['a lease that is no number', () => updateLease.encode({ leaseSeconds: Number.NaN })],
  ])('%s is not written', (_, write) => {
    expect(write).toThrow(expect.objectContaining({ code: 'HAWSER_DNS_OPTIONS' }));
  });
});

describe('options in a message', () => {
  const reading = (rdata: Buffer) => readMessage(query('a', 1, { additionals: [opt({ rdata })] }));

  test('are found by their code, the first of them', () => {
    const read = reading(hex('0003 0001 41 0003 0001 42 fde9 0000'));
    if (!read.ok) throw new Error('malformed');
    const { bytes, edns } = read.message;
    expect(optionIn(bytes, edns, 3)).toEqual(Buffer.from('A'));
    expect(optionIn(bytes, edns, 65_001)).toEqual(Buffer.alloc(0));
    expect(optionIn(bytes, edns, 10)).toBeUndefined();
    expect(optionIn(bytes, undefined, 3)).toBeUndefined();
  });

  test.each([
    ['one that leaves OPT', hex('0003 0002 41')],
    ['a length cut short', hex('0003 00')],
    ['a cookie of 9 octets', hex('000a 0009 010101010101010101')],
    ['257 of them', Buffer.alloc(257 * 4)],
  ])('%s makes the message malformed', (_, rdata) => {
    expect(reading(rdata)).toMatchObject({ ok: false, rcode: 1 });
  });

  test('256 of them are read', () => {
    expect(reading(Buffer.alloc(256 * 4)).ok).toBe(true);
  });

  test('the bits DO and CO are read', () => {
    const read = readMessage(query('a', 1, { additionals: [{ ...opt(), ttl: 0xc000 }] }));
    expect(read).toMatchObject({ message: { edns: { dnssecOk: true, compactOk: true } } });
  });
});
