import { SeededRandom } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { ednsCodecs } from '../../src/message/edns-option.ts';
import { parseMessage } from '../../src/message/parse-message.ts';
import type { DnsRecord } from '../../src/message/record.ts';
import { type MessageStart, MessageWriter } from '../../src/message/writer.ts';
import { Name } from '../../src/name.ts';
import { Class, Type } from '../../src/numbers.ts';
import { encodeRdata } from '../../src/rdata/encode-rdata.ts';
import type { RecordValue } from '../../src/rdata/value.ts';
import { createRRset } from '../../src/zone/rrset.ts';

const name = (text: string): Name => Name.parse(text);

function record(
  owner: string,
  type: number,
  value: RecordValue,
  more: Partial<DnsRecord> = {},
): DnsRecord {
  return { name: name(owner), type, class: 1, ttl: 60, rdata: encodeRdata(type, value), ...more };
}

function parse(bytes: Buffer) {
  const message = parseMessage(bytes);
  if ('error' in message) throw new Error(`${message.error}: ${bytes.toString('hex')}`);
  return message;
}

/** A message of `records` in answer, behind the question `example.net A`. */
function written(...records: readonly DnsRecord[]): Buffer {
  const writer = new MessageWriter();
  writer.begin({ id: 1, flags: 0x8000, maxBytes: 65_535 });
  writer.ask(name('example.net'), Type.A);
  for (const each of records) expect(writer.record('answer', each)).toBe(true);
  return writer.finish(0);
}

/** What follows header and question, 29 octets. */
const tail = (bytes: Buffer): string => bytes.subarray(29).toString('hex');

describe('compression', () => {
  test.each([
    ['the owner that was asked for', record('example.net', 1, '192.0.2.1'), 'c00c 0001'],
    ['an owner below it', record('a.example.net', 1, '192.0.2.1'), '0161c00c 0001'],
    ['an owner in another case', record('A.EXAMPLE.net', 1, '192.0.2.1'), '0141c00c 0001'],
    ['an owner beside it', record('b.net', 1, '192.0.2.1'), '0162c014 0001'],
    ['an owner elsewhere', record('b.org', 1, '192.0.2.1'), '0162036f726700 0001'],
    ['the root', record('.', 1, '192.0.2.1'), '00 0001'],
  ])('%s', (_, each, start) => {
    expect(tail(written(each))).toMatch(new RegExp(`^${start.replaceAll(' ', '')}`));
  });

  test('octets of the question inside a label are no name', () => {
    const owner = Name.fromLabels([Buffer.from('x\x07example\x03net\x00', 'latin1')]);
    const bytes = written(record('.', 1, '192.0.2.1', { name: owner }));
    expect(parse(bytes).answer[0]?.name.equals(owner)).toBe(true);
    expect(tail(bytes)).toMatch(/^0e7807/);
  });

  test.each<[string, number, RecordValue]>([
    ['NS', Type.NS, 'ns.example.net'],
    ['CNAME', Type.CNAME, 'ns.example.net'],
    ['PTR', Type.PTR, 'ns.example.net'],
    ['MX', Type.MX, '10 ns.example.net'],
    [
      'SOA',
      Type.SOA,
      {
        mname: 'ns.example.net',
        rname: 'ns.example.net',
        serial: 1,
        refresh: 2,
        retry: 3,
        expire: 4,
        minimum: 5,
      },
    ],
  ])('names in %s are compressed', (_, type, value) => {
    const bytes = written(record('example.net', type, value));
    expect(tail(bytes)).toContain('026e73c00c');
    expect(parse(bytes).answer[0]?.rdata).toEqual(encodeRdata(type, value));
  });

  test.each<[string, number, RecordValue]>([
    ['SRV', Type.SRV, '1 2 3 ns.example.net'],
    ['DNAME', Type.DNAME, 'ns.example.net'],
  ])('names in %s are not', (_, type, value) => {
    const bytes = written(record('example.net', type, value));
    expect(tail(bytes)).toContain('026e73076578616d706c65036e657400');
    expect(parse(bytes).answer[0]?.rdata).toEqual(encodeRdata(type, value));
  });

  test('names of few letters, in any case and many times, are read as they were written', () => {
    const random = new SeededRandom(5);
    const letter = (): string => 'abAB'[Math.floor(random.float() * 4)] ?? '';
    const owners = Array.from({ length: 400 }, () =>
      Array.from({ length: Math.floor(random.float() * 6) }, letter).join('.'),
    );
    const bytes = written(
      ...owners.map((owner) => record(owner, Type.NS, `${owner}.a`.replace(/^\./, ''))),
    );
    const { answer } = parse(bytes);
    expect(answer.map((each) => each.name.key)).toEqual(owners.map((owner) => name(owner).key));
    expect(answer.map((each) => each.rdata?.target?.key)).toEqual(
      owners.map((owner) => name(`${owner}.a`.replace(/^\./, '')).key),
    );
    // Every one of them is an end of another, but for a few.
    expect(bytes.length).toBeLessThan(400 * 20);
  });

  test('a name that was rolled back is pointed to where it is written next', () => {
    const writer = new MessageWriter();
    writer.begin({ id: 1, flags: 0, maxBytes: 100 });
    const address = record('host.example.org', Type.A, '192.0.2.1');
    expect(
      writer.record('answer', { ...address, rdata: encodeRdata(Type.TXT, 'x'.repeat(90)) }),
    ).toBe(false);
    expect(writer.record('answer', record('org', Type.A, '192.0.2.1'))).toBe(true);
    expect(writer.record('answer', address)).toBe(true);
    expect(writer.record('answer', address)).toBe(true);
    const bytes = writer.finish(0);
    expect(parse(bytes).answer.map((each) => `${each.name}`)).toEqual([
      'org',
      'host.example.org',
      'host.example.org',
    ]);
    expect(bytes).toHaveLength(12 + (5 + 14) + (13 + 2 + 14) + (2 + 14));
  });

  test('no pointer goes beyond what 14 bits can say', () => {
    const records = Array.from({ length: 1500 }, (_, i) =>
      record(`h${i}.far.org`, Type.TXT, 'twelve bytes'),
    );
    const again = Array.from({ length: 200 }, (_, i) =>
      record(`h${1300 + i}.far.org`, Type.A, '192.0.2.1'),
    );
    const { answer } = parse(written(...records, ...again));
    expect(answer.map((each) => each.name.toString())).toEqual(
      [...records, ...again].map((each) => each.name.toString()),
    );
  });
});

describe('what does not fit', () => {
  const rrset = (owner: string, count: number) =>
    createRRset(name(owner), Type.NS, {
      ttl: 1,
      values: Array.from({ length: count }, (_, i) => `n${i}.${owner}`),
    });

  test('an RRset is written whole or not at all, and its names are forgotten', () => {
    const writer = new MessageWriter();
    writer.begin({ id: 1, flags: 0x8000, maxBytes: 512 });
    writer.ask(name('example.net'), Type.A);
    expect(writer.rrset('answer', rrset('a.example.org', 2))).toBe(true);
    const { size } = writer;
    expect(writer.rrset('answer', rrset('b.example.org', 100))).toBe(false);
    expect(writer.size).toBe(size);
    // Would be a pointer into what was rolled back.
    expect(writer.rrset('authority', rrset('n1.b.example.org', 1))).toBe(true);
    const message = parse(writer.finish(0));
    expect([message.answer.length, message.authority.length]).toEqual([2, 1]);
    expect(message.authority[0]?.name.toString()).toBe('n1.b.example.org');
  });

  test.each([40, 41, 42, 43, 44, 60])('a record of 15 octets and a limit of %i', (maxBytes) => {
    const writer = new MessageWriter();
    writer.begin({ id: 1, flags: 0, maxBytes });
    writer.ask(name('example.net'), Type.A);
    const fits = writer.record('answer', record('.', Type.A, '192.0.2.1'));
    expect(fits).toBe(maxBytes >= 29 + 15);
    expect(parse(writer.finish(0)).answer).toHaveLength(fits ? 1 : 0);
  });

  test.each([
    ['for OPT', { edns: { udpSize: 1232 } }, 11],
    [
      'for OPT with options',
      { edns: { udpSize: 1232, options: [ednsCodecs.nsid.encode(Buffer.alloc(20))] } },
      35,
    ],
    ['for a signature', { reserveBytes: 77 }, 77],
    ['for both', { reserveBytes: 77, edns: { udpSize: 1232 } }, 88],
  ])('room is kept %s', (_, start: Partial<MessageStart>, bytes) => {
    const writer = new MessageWriter();
    const limit = 29 + 3 * 15 + bytes;
    for (const [maxBytes, count] of [
      [limit, 3],
      [limit - 1, 2],
    ] as const) {
      writer.begin({ id: 1, flags: 0, maxBytes: 512 - limit + maxBytes, ...start });
      writer.ask(name('example.net'), Type.A);
      // What fills the message but for three records.
      const filler = record('.', Type.NULL, Buffer.alloc(512 - limit - 11));
      expect(writer.record('answer', filler)).toBe(true);
      const done = [1, 2, 3].filter(() =>
        writer.record('answer', record('.', Type.A, '192.0.2.1')),
      );
      expect(done).toHaveLength(count);
      const end = writer.finish(0).length + (start.reserveBytes ?? 0);
      expect(end).toBeLessThanOrEqual(512 - limit + maxBytes);
    }
  });

  test('an option that leaves no room for a question is left out', () => {
    const writer = new MessageWriter();
    const options = [
      ednsCodecs.error.encode({ code: 1, text: 'x'.repeat(400) }),
      ednsCodecs.nsid.encode(Buffer.from('ns1')),
    ];
    writer.begin({ id: 1, flags: 0, maxBytes: 512, edns: { udpSize: 1232, options } });
    const { edns } = parse(writer.finish(0));
    expect(edns?.options).toEqual([options[1]]);
  });

  test('a truncated message keeps its question and its OPT', () => {
    const writer = new MessageWriter();
    writer.begin({ id: 1, flags: 0x8000, maxBytes: 512, edns: { udpSize: 1232 } });
    writer.ask(name('example.net'), Type.A);
    writer.rrset('answer', rrset('a.example.org', 2));
    const message = parse(writer.finishTruncated(0));
    expect(message).toMatchObject({ flags: 0x8200, answer: [], edns: { udpSize: 1232 } });
    expect(message.question?.name.toString()).toBe('example.net');
  });

  test('a message is never longer than its length can say', () => {
    const writer = new MessageWriter();
    writer.begin({ id: 1, flags: 0, maxBytes: 1_000_000 });
    const big = record('.', Type.NULL, Buffer.alloc(60_000));
    expect(writer.record('answer', big)).toBe(true);
    expect(writer.record('answer', big)).toBe(false);
  });
});

describe('OPT', () => {
  test.each([
    [0, '00'],
    [16, '01'],
    [4095, 'ff'],
  ])('response code %i', (rcode, high) => {
    const writer = new MessageWriter();
    writer.begin({
      id: 1,
      flags: 0x8000,
      maxBytes: 512,
      edns: { udpSize: 1400, dnssecOk: true, compactOk: true },
    });
    const bytes = writer.finish(rcode);
    expect(bytes.subarray(12).toString('hex')).toBe(`0000290578${high}00c0000000`);
    expect(parse(bytes)).toMatchObject({
      rcode,
      edns: { udpSize: 1400, version: 0, dnssecOk: true, compactOk: true },
    });
  });

  test.each([
    [128, 0, 128],
    [468, 0, 468],
    [128, 77, 128 - 77],
    [1, 0, 29 + 11 + 4],
    [4096, 0, 512],
    [4096, 500, 29 + 11],
  ])(
    'padded to blocks of %i with %i octets reserved makes %i',
    (padToBytes, reserveBytes, length) => {
      const writer = new MessageWriter();
      writer.begin({
        id: 1,
        flags: 0,
        maxBytes: 512,
        reserveBytes,
        edns: { udpSize: 1232, padToBytes },
      });
      writer.ask(name('example.net'), Type.A);
      const bytes = writer.finish(0);
      expect(bytes).toHaveLength(length);
      expect(
        parse(bytes).edns?.options.every(
          ({ code, data }) => code === 12 && data.every((octet) => octet === 0),
        ),
      ).toBe(true);
    },
  );
});

test('one writer writes one message after another', () => {
  const writer = new MessageWriter();
  const messages = ['a.example.net', 'b.example.org'].map((owner) => {
    writer.begin({ id: 9, flags: 0, maxBytes: 512 });
    writer.ask(name(owner), Type.AAAA, Class.CH);
    writer.record('additional', record(owner, Type.A, '192.0.2.1'));
    return parse(writer.finish(0));
  });
  expect(
    messages.map(({ question }) => `${question?.name} ${question?.type} ${question?.class}`),
  ).toEqual(['a.example.net 28 3', 'b.example.org 28 3']);
  expect(messages.map(({ additional }) => `${additional[0]?.name}`)).toEqual([
    'a.example.net',
    'b.example.org',
  ]);
});
