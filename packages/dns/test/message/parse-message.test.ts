import { describe, expect, test } from 'vitest';
import { buildMessage, buildQuery } from '../../src/message/build-message.ts';
import { ednsCodecs } from '../../src/message/edns-option.ts';
import { parseMessage } from '../../src/message/parse-message.ts';
import type { DnsRecord } from '../../src/message/record.ts';
import { Name } from '../../src/name.ts';
import { Class, Opcode, Type } from '../../src/numbers.ts';
import { encodeRdata } from '../../src/rdata/encode-rdata.ts';
import { build, opt, type RawRecord } from '../build.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
/** `example.net`, the question of every message here, whole and as a pointer. */
const whole = '076578616d706c65036e657400';
const pointer = 'c00c';

function parse(bytes: Buffer) {
  const message = parseMessage(bytes);
  if ('error' in message) throw new Error(message.error);
  return message;
}

/** A message with one answer. */
const one = (record: RawRecord): Buffer => build({ questions: [{}], answers: [record] });

describe('names in record data', () => {
  /** Types whose names may be pointers, with data before and behind them. `N` is a name. */
  const compressed: [string, number, string][] = [
    ['NS', 2, 'N'],
    ['MD', 3, 'N'],
    ['MF', 4, 'N'],
    ['CNAME', 5, 'N'],
    ['SOA', 6, 'N N 00000001 00000002 00000003 00000004 00000005'],
    ['MB', 7, 'N'],
    ['MG', 8, 'N'],
    ['MR', 9, 'N'],
    ['PTR', 12, 'N'],
    ['MINFO', 14, 'N N'],
    ['MX', 15, '000a N'],
    ['RP', 17, 'N N'],
    ['AFSDB', 18, '0001 N'],
    ['RT', 21, '000a N'],
    ['SIG', 24, '0001 05 02 00000e10 5f000000 5e000000 0001 N aabbccdd'],
    ['PX', 26, '000a N N'],
    ['NXT', 30, 'N 40000002'],
    ['SRV', 33, '0001 0002 0003 N'],
    ['NAPTR', 35, '0001 0002 0173 00 03616263 N'],
  ];

  test.each(compressed)('of %s are followed', (_, type, data) => {
    const plain = hex(data.replaceAll('N', whole));
    const [record] = parse(one({ type, rdata: hex(data.replaceAll('N', pointer)) })).answer;
    expect(record?.rdata?.wire).toEqual(plain);
    const [again] = parse(one({ type, rdata: plain })).answer;
    expect(again?.rdata?.wire).toEqual(plain);
  });

  test.each(compressed)('of %s must end where the data does', (_, type, data) => {
    const rdata = hex(data.replaceAll('N', pointer));
    const cut = data.endsWith('N')
      ? rdata.subarray(0, -1)
      : rdata.subarray(0, rdata.indexOf(0xc0) + 1);
    const following = { name: Buffer.from([0x0c]), type: 1, rdata: Buffer.alloc(4) };
    const bytes = build({ questions: [{}], answers: [{ type, rdata: cut }, following] });
    expect(parseMessage(bytes)).toMatchObject({ error: expect.any(String) });
  });

  test.each(compressed)('of %s must not be followed by more', (_, type, data) => {
    if (type === Type.SIG || type === Type.NXT) return;
    const rdata = Buffer.concat([hex(data.replaceAll('N', pointer)), Buffer.of(0)]);
    expect('error' in parseMessage(one({ type, rdata }))).toBe(true);
  });

  test.each<[string, number, string]>([
    ['RRSIG', 46, '0001 0d 02 00000e10 5f000000 5e000000 0001 N aabbccdd'],
    ['NSEC', 47, 'N 000140'],
    ['SVCB', 64, '0001 N'],
    ['HTTPS', 65, '0001 N'],
  ])('of %s must be whole', (_, type, data) => {
    expect(parse(one({ type, rdata: hex(data.replaceAll('N', whole)) })).answer).toHaveLength(1);
    expect('error' in parseMessage(one({ type, rdata: hex(data.replaceAll('N', pointer)) }))).toBe(
      true,
    );
  });

  test('of a type without rules are octets', () => {
    const [record] = parse(one({ type: 65_280, rdata: hex(pointer) })).answer;
    expect(record?.rdata?.wire).toEqual(hex(pointer));
  });

  test('may point into data of another record', () => {
    const bytes = build({
      questions: [{ name: '.' }],
      answers: [
        { name: '.', type: 2, rdata: hex(`026e73${whole}`) },
        { name: '.', type: 5, rdata: hex('c01c') },
      ],
    });
    expect(parse(bytes).answer[1]?.rdata?.target?.toString()).toBe('ns.example.net');
  });
});

describe('what is no message', () => {
  test.each<[string, Buffer, RegExp]>([
    ['11 octets', Buffer.alloc(11), /no whole header/],
    ['two questions', build({ questions: [{}, {}] }), /format/],
    ['counts that promise too much', build({ counts: [0, 1, 0, 0] }), /format/],
    ['A of three octets', one({ type: 1, rdata: Buffer.alloc(3) }), /answer section/],
    ['A of no octets', one({ type: 1 }), /answer section/],
    ['AAAA of 17 octets', one({ type: 28, rdata: Buffer.alloc(17) }), /answer section/],
    [
      'TXT with a string that leaves it',
      one({ type: 16, rdata: Buffer.of(5, 1) }),
      /answer section/,
    ],
    ['two OPT', build({ additionals: [opt(), opt()] }), /format/],
    ['OPT in the answer', build({ answers: [opt()] }), /format/],
    [
      'a bad record in the additional section',
      build({ additionals: [opt(), { type: 1, rdata: Buffer.of(1) }] }),
      /additional section/,
    ],
  ])('%s', (_, bytes, error) => {
    expect(parseMessage(bytes)).toMatchObject({ error: expect.stringMatching(error) });
  });

  test('its header is given if it has one', () => {
    expect(parseMessage(build({ id: 5, counts: [9, 9, 9, 9] }))).toMatchObject({
      header: { id: 5 },
    });
  });
});

describe('records of an update', () => {
  test.each([
    ['a name that must be in use', { type: 255, class: 255 }],
    ['an RRset that must not exist', { type: 1, class: 254 }],
    ['an RRset to delete', { type: 6, class: 255 }],
  ])('%s has no data', (_, record) => {
    expect(parse(one(record)).answer[0]).toMatchObject({ ...record, ttl: 0, rdata: undefined });
  });

  test('a record to delete has some, which is checked', () => {
    const record = { type: 15, class: 254, rdata: hex(`000a${pointer}`) };
    expect(parse(one(record)).answer[0]?.rdata?.wire).toEqual(hex(`000a${whole}`));
    expect('error' in parseMessage(one({ ...record, rdata: hex('000a') }))).toBe(true);
  });
});

describe('buildMessage writes what parseMessage reads', () => {
  const soa = {
    mname: 'ns.example.net',
    rname: 'host.example.net',
    serial: 7,
    refresh: 1,
    retry: 2,
    expire: 3,
    minimum: 4,
  };
  const record = (
    owner: string,
    type: number,
    value: Parameters<typeof encodeRdata>[1],
  ): DnsRecord => ({
    name: Name.parse(owner),
    type,
    class: Class.IN,
    ttl: 3600,
    rdata: encodeRdata(type, value),
  });
  const zone = { name: 'example.net', type: Type.SOA, id: 1 };

  test.each<[string, Parameters<typeof buildQuery>[0]]>([
    ['a plain query', { id: 0xffff, name: 'Example.net', type: Type.AAAA }],
    ['a query of another class', { id: 1, name: 'version.bind', type: Type.TXT, class: Class.CH }],
    [
      'a query with EDNS',
      {
        id: 1,
        name: '.',
        type: Type.NS,
        flags: 0x0130,
        edns: {
          udpSize: 1232,
          dnssecOk: true,
          options: [
            ednsCodecs.cookie.encode({ client: Buffer.alloc(8, 1), server: Buffer.alloc(16, 2) }),
            ednsCodecs.clientSubnet.encode({ address: '2001:db8::', sourcePrefix: 56 }),
          ],
        },
      },
    ],
    [
      'an IXFR query',
      { ...zone, type: Type.IXFR, authority: [record('example.net', Type.SOA, soa)] },
    ],
    [
      'a NOTIFY',
      {
        ...zone,
        opcode: Opcode.Notify,
        flags: 0x0400,
        answer: [record('example.net', Type.SOA, soa)],
      },
    ],
    [
      'an UPDATE',
      {
        ...zone,
        opcode: Opcode.Update,
        flags: 0,
        answer: [
          {
            name: Name.parse('a.example.net'),
            type: Type.ANY,
            class: Class.ANY,
            ttl: 0,
            rdata: undefined,
          },
          {
            name: Name.parse('b.example.net'),
            type: Type.A,
            class: Class.NONE,
            ttl: 0,
            rdata: undefined,
          },
        ],
        authority: [
          record('c.example.net', Type.MX, '10 mail.example.net'),
          { ...record('c.example.net', Type.MX, '20 mail.example.net'), class: Class.NONE, ttl: 0 },
        ],
        edns: { udpSize: 1232, options: [ednsCodecs.updateLease.encode({ leaseSeconds: 60 })] },
      },
    ],
  ])('%s', (_, content) => {
    const bytes = buildQuery(content);
    const message = parse(bytes);
    const { name: asked, type, class: klass = Class.IN, ...rest } = content;
    expect(message).toMatchObject({ flags: 0x0100, opcode: 0, rcode: 0, ...rest });
    expect(message.question).toEqual({ name: Name.parse(`${asked}`), type, class: klass });
    expect(buildMessage(message)).toEqual(bytes);
  });

  test('a reply, its response code in two places', () => {
    const bytes = buildMessage({
      id: 1,
      flags: 0x8400,
      rcode: 23,
      edns: { udpSize: 512 },
      question: { name: Name.root, type: 1, class: 1 },
    });
    expect(parse(bytes)).toMatchObject({ rcode: 23, flags: 0x8400 });
  });

  test('flags do not reach opcode and response code', () => {
    const bytes = buildMessage({ id: 1, flags: 0xffff, opcode: 5, rcode: 2 });
    expect(parse(bytes)).toMatchObject({ flags: 0x87f0, opcode: 5, rcode: 2 });
  });

  test('a message that is too long is not written', () => {
    const content = { ...zone, answer: [record('example.net', Type.SOA, soa)], maxBytes: 50 };
    expect(() => buildQuery(content)).toThrow(
      expect.objectContaining({ code: 'HAWSER_DNS_OPTIONS' }),
    );
    expect(() => buildQuery({ ...zone, name: 'a..b' })).toThrow(
      expect.objectContaining({ code: 'HAWSER_DNS_NAME' }),
    );
  });
});
