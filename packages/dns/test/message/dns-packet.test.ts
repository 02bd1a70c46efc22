import * as peer from 'dns-packet';
import { describe, expect, test } from 'vitest';
import { buildMessage } from '../../src/message/build-message.ts';
import type { DnsPacketLike, DnsPacketRecord } from '../../src/message/dns-packet/dns-packet.ts';
import { fromDnsPacket } from '../../src/message/dns-packet/from-dns-packet.ts';
import { toDnsPacket } from '../../src/message/dns-packet/to-dns-packet.ts';
import { parseMessage } from '../../src/message/parse-message.ts';
import { build, opt } from '../build.ts';

const at = { name: 'a.example.net', ttl: 60, class: 'IN' } as const;
const octets = (size: number): Buffer => Buffer.from(Array.from({ length: size }, (_, i) => i * 7));

/** Records in a shape that dns-packet gets right. */
const records: readonly DnsPacketRecord[] = [
  { ...at, type: 'A', data: '192.0.2.1' },
  { ...at, type: 'AAAA', data: '2001:db8::1' },
  { ...at, type: 'NS', data: 'ns.example.net' },
  { ...at, type: 'CNAME', data: 'b.example.org' },
  { ...at, type: 'DNAME', data: 'example.org' },
  { ...at, type: 'PTR', data: 'host.example.net' },
  { ...at, type: 'TXT', data: [Buffer.from('one'), Buffer.from([0xff, 0])] },
  { ...at, type: 'NULL', data: octets(9) },
  { ...at, type: 'MX', data: { preference: 10, exchange: 'mail.example.net' } },
  { ...at, type: 'SRV', data: { priority: 1, weight: 2, port: 3, target: 'srv.example.net' } },
  {
    ...at,
    type: 'SOA',
    data: {
      mname: 'ns.example.net',
      rname: 'host\\.master.example.net',
      serial: 4_000_000_000,
      refresh: 1,
      retry: 2,
      expire: 3,
      minimum: 4,
    },
  },
  {
    ...at,
    type: 'CAA',
    data: { flags: 128, tag: 'issue', value: 'ca.example', issuerCritical: true },
  },
  { ...at, type: 'HINFO', data: { cpu: 'VAX', os: 'Ünix' } },
  {
    ...at,
    type: 'NAPTR',
    data: {
      order: 1,
      preference: 2,
      flags: 'S',
      services: 'SIP',
      regexp: '!a!b!',
      replacement: '.',
    },
  },
  { ...at, type: 'RP', data: { mbox: 'a.example.net', txt: 'b.example.net' } },
  { ...at, type: 'DS', data: { keyTag: 9, algorithm: 13, digestType: 2, digest: octets(32) } },
  { ...at, type: 'DNSKEY', data: { flags: 257, algorithm: 13, key: octets(64) } },
  {
    ...at,
    type: 'RRSIG',
    data: {
      typeCovered: 'A',
      algorithm: 13,
      labels: 3,
      originalTTL: 60,
      expiration: 1_800_000_000,
      inception: 1_700_000_000,
      keyTag: 9,
      signersName: 'example.net',
      signature: octets(64),
    },
  },
  {
    ...at,
    type: 'NSEC',
    data: { nextDomain: 'b.example.net', rrtypes: ['A', 'RRSIG', 'UNKNOWN_65', 'CAA'] },
  },
  {
    ...at,
    type: 'NSEC3',
    data: {
      algorithm: 1,
      flags: 0,
      iterations: 5,
      salt: octets(4),
      nextDomain: octets(20),
      rrtypes: ['A'],
    },
  },
  {
    ...at,
    type: 'SSHFP',
    data: { algorithm: 4, hash: 2, fingerprint: octets(32).toString('hex').toUpperCase() },
  },
  {
    ...at,
    type: 'TLSA',
    data: { usage: 3, selector: 1, matchingType: 1, certificate: octets(32) },
  },
  { ...at, type: 'UNKNOWN_65280', data: octets(5) },
];

const packet = (...answers: DnsPacketRecord[]): DnsPacketLike => ({
  id: 7,
  type: 'response',
  flags: 0x0400,
  questions: [{ name: 'a.example.net', type: 'A', class: 'IN' }],
  answers,
});

function peerEncode(message: DnsPacketLike): Buffer {
  return peer.encode(structuredCloneOf(message) as peer.Packet);
}

/** dns-packet changes what it is given. */
function structuredCloneOf(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(structuredCloneOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, structuredCloneOf(v)]));
}

function ours(bytes: Buffer) {
  const message = parseMessage(bytes);
  if ('error' in message) throw new Error(message.error);
  return toDnsPacket(message);
}

describe('shapes that dns-packet gets right', () => {
  test.each(records.map((record) => [record.type, record] as const))(
    '%s is decoded as it does, and encoded so that it reads the same',
    (_, record) => {
      const message = packet(record);
      const bytes = peerEncode(message);
      expect(ours(bytes)).toEqual(peer.decode(bytes));
      expect(ours(bytes).answers[0]).toEqual({ ...record, flush: false });
      const before = structuredCloneOf(message);
      const written = buildMessage(fromDnsPacket(message));
      expect(message).toEqual(before);
      expect(peer.decode(written)).toEqual(ours(written));
    },
  );

  test('a whole message with every section, OPT and options', () => {
    const message: DnsPacketLike = {
      ...packet(...records.slice(0, 9)),
      authorities: records.slice(9, 12),
      additionals: [
        ...records.slice(12, 14),
        {
          name: '.',
          type: 'OPT',
          udpPayloadSize: 1400,
          flags: 0x8000,
          options: [
            { code: 'CLIENT_SUBNET', ip: '192.0.2.0', sourcePrefixLength: 24 },
            { code: 3, data: Buffer.from('id') },
            { code: 'TCP_KEEPALIVE', timeout: 100 },
            { code: 'KEY_TAG', tags: [1, 0x1234] },
            { code: 65001, data: Buffer.from([1]) },
          ],
        },
      ],
    };
    const bytes = peerEncode(message);
    expect(ours(bytes)).toEqual(peer.decode(bytes));
    const written = buildMessage(fromDnsPacket(message));
    expect(ours(written)).toEqual(ours(bytes));
    expect(buildMessage(fromDnsPacket(ours(bytes)))).toEqual(written);
  });

  test.each([0, 0x0100, 0x0580, 0x0020, 0x0010, 0x2000, 0x2800, 0x7fff])('flags %i', (flags) => {
    const bytes = peerEncode({ id: 1, type: 'query', flags });
    expect(ours(bytes)).toEqual(peer.decode(bytes));
    // The Z bit is nobody's to send, but it is not ours to judge.
    expect(buildMessage(fromDnsPacket(ours(bytes)))).toEqual(bytes);
  });
});

describe('what dns-packet gets wrong', () => {
  const broken = (record: Partial<DnsPacketRecord>): DnsPacketLike =>
    packet({ ...at, type: 'A', data: '192.0.2.1', ...record });

  test.each([
    ['a type nobody knows', broken({ type: 'AAA' }), 'HAWSER_DNS_NUMBER'],
    ['type 0', broken({ type: 'TYPE0', data: Buffer.alloc(0) }), 'HAWSER_DNS_NUMBER'],
    ['type 0 in its own words', broken({ type: 'UNKNOWN_0' }), 'HAWSER_DNS_NUMBER'],
    ['a type that is too large', broken({ type: 'UNKNOWN_65536' }), 'HAWSER_DNS_NUMBER'],
    ['a class nobody knows', broken({ class: 'INET' }), 'HAWSER_DNS_NUMBER'],
    ['a label of 64 octets', broken({ name: `${'a'.repeat(64)}.net` }), 'HAWSER_DNS_NAME'],
    ['a name of 256 octets', broken({ name: `${'a.'.repeat(127)}aa` }), 'HAWSER_DNS_NAME'],
    ['an empty label', broken({ name: 'a..b' }), 'HAWSER_DNS_NAME'],
    ['an address that is none', broken({ data: '999.1.1' }), 'HAWSER_DNS_RDATA'],
    ['a host name as an address', broken({ data: 'host.example' }), 'HAWSER_DNS_RDATA'],
    ['a TTL below 0', broken({ ttl: -1 }), 'HAWSER_DNS_RDATA'],
    ['a TTL that is no number', broken({ ttl: Number.NaN }), 'HAWSER_DNS_RDATA'],
    [
      'a TXT string of 256 octets',
      broken({ type: 'TXT', data: 'x'.repeat(256) }),
      'HAWSER_DNS_RDATA',
    ],
    ['TXT of no strings', broken({ type: 'TXT', data: [] }), 'HAWSER_DNS_RDATA'],
    ['TXT of numbers', broken({ type: 'TXT', data: [1] }), 'HAWSER_DNS_RDATA'],
    ['MX without its exchange', broken({ type: 'MX', data: {} }), 'HAWSER_DNS_RDATA'],
    [
      'a port above 65535',
      broken({ type: 'SRV', data: { port: 65_536, target: 'a' } }),
      'HAWSER_DNS_RDATA',
    ],
    ['an object for a type of octets', broken({ type: 'CDS', data: {} }), 'HAWSER_DNS_RDATA'],
    ['no data', broken({ data: undefined }), 'HAWSER_DNS_RDATA'],
    ['a meta type', broken({ type: 'ANY', data: Buffer.alloc(0) }), 'HAWSER_DNS_RDATA'],
    ['two questions', { questions: Array(2).fill({ name: 'a', type: 'A' }) }, 'HAWSER_DNS_OPTIONS'],
    ['two OPT', { additionals: Array(2).fill({ name: '.', type: 'OPT' }) }, 'HAWSER_DNS_OPTIONS'],
    ['OPT below the root', { additionals: [{ name: 'a', type: 'OPT' }] }, 'HAWSER_DNS_OPTIONS'],
    [
      'another version of EDNS',
      { additionals: [{ name: '.', type: 'OPT', ednsVersion: 1 }] },
      'HAWSER_DNS_OPTIONS',
    ],
    ['an id that is too large', { id: 65_536 }, 'HAWSER_DNS_OPTIONS'],
    ['a response code nobody knows', { rcode: 'NXDOMIAN' }, 'HAWSER_DNS_NUMBER'],
  ] as [string, DnsPacketLike, string][])('%s is refused', (_, message, code) => {
    expect(() => fromDnsPacket(message)).toThrow(expect.objectContaining({ code }));
  });

  test('a dot within a label stays within it', () => {
    const name = Buffer.from('03612e62076578616d706c6500', 'hex');
    const bytes = build({ flags: 0x8000, answers: [{ name, type: 1, rdata: Buffer.alloc(4) }] });
    expect(ours(bytes).answers[0]?.name).toBe('a\\.b.example');
    expect(buildMessage(fromDnsPacket(ours(bytes)))).toEqual(bytes);
  });

  test.each([
    ['octets that are not UTF-8', [3, 0xff, 97, 0x80, 0], '\\255\\097\\128'],
    ['UTF-8', [2, 0xc3, 0xbc, 0], 'ü'],
    ['a blank', [3, 97, 32, 98, 0], 'a b'],
    ['a backslash', [2, 97, 92, 0], 'a\\\\'],
    ['the root', [0], '.'],
  ])('a name of %s survives', (_, wire, text) => {
    const bytes = build({
      answers: [{ name: Buffer.from(wire), type: 1, rdata: Buffer.alloc(4) }],
    });
    expect(ours(bytes).answers[0]?.name).toBe(text);
    expect(buildMessage(fromDnsPacket(ours(bytes)))).toEqual(bytes);
  });

  test('data that it would damage stays octets', () => {
    const rdata = Buffer.from('0002ff000161', 'hex').subarray(1);
    const bytes = build({ answers: [{ name: 'a', type: 13, rdata }] });
    expect(ours(bytes).answers[0]?.data).toEqual(rdata);
    expect(buildMessage(fromDnsPacket(ours(bytes)))).toEqual(bytes);
  });

  test('types without a shape are octets, in every spelling', () => {
    const data = Buffer.from('0001000001000302683202683300', 'hex').subarray(0, 3);
    const one = (type: string): Buffer =>
      buildMessage(fromDnsPacket(packet({ ...at, type, data })));
    expect(one('HTTPS')).toEqual(one('TYPE65'));
    expect(one('HTTPS')).toEqual(one('unknown_65'));
    expect(ours(one('HTTPS')).answers[0]).toMatchObject({ type: 'UNKNOWN_65', data });
  });

  test('an update without data is read and written', () => {
    const bytes = build({
      flags: 0x2800,
      questions: [{ type: 6 }],
      answers: [{ name: 'a', type: 255, class: 255 }],
      authorities: [
        { name: 'b', type: 1, class: 255 },
        { name: 'c', type: 1, class: 254, rdata: Buffer.of(192, 0, 2, 1) },
      ],
    });
    expect(ours(bytes)).toMatchObject({
      opcode: 'UPDATE',
      answers: [{ type: 'ANY', class: 'ANY', data: Buffer.alloc(0) }],
      authorities: [
        { type: 'A', class: 'ANY', data: Buffer.alloc(0) },
        { type: 'A', class: 'UNKNOWN_254', data: '192.0.2.1' },
      ],
    });
    expect(buildMessage(fromDnsPacket(ours(bytes)))).toEqual(bytes);
  });

  test('members say what flags do not', () => {
    const { flags, opcode, rcode } = fromDnsPacket({
      flags: 0x0100,
      opcode: 'NOTIFY',
      rcode: 'REFUSED',
      flag_aa: true,
      flag_rd: false,
      type: 'response',
      additionals: [{ name: '.', type: 'OPT', extendedRcode: 1 }],
    });
    expect({ flags, opcode, rcode }).toEqual({ flags: 0x8400, opcode: 4, rcode: 21 });
  });

  test('an extended response code comes from OPT', () => {
    const bytes = build({ flags: 0x8001, additionals: [{ ...opt(), ttl: 0x0100_0000 }] });
    expect(ours(bytes).additionals[0]).toMatchObject({ extendedRcode: 1, flag_do: false });
    expect(fromDnsPacket(ours(bytes)).rcode).toBe(17);
  });
});
