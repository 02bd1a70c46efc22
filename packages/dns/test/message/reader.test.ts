import { describe, expect, test } from 'vitest';
import { parseMessage } from '../../src/message/parse-message.ts';
import { type Message, nameAt, readMessage, recordsOf } from '../../src/message/reader.ts';
import { readRecord } from '../../src/message/record.ts';
import { Name } from '../../src/name.ts';
import { build, opt, query, type RawRecord } from '../build.ts';

/** A message of one question `example.net A` (29 octets) and one answer whose owner is `owner`. */
function withOwner(...owner: number[]): Buffer {
  return build({
    questions: [{}],
    answers: [{ name: Buffer.from(owner), type: 1, rdata: Buffer.from([192, 0, 2, 1]) }],
  });
}

describe('names of records', () => {
  test.each([
    ['a pointer to the question', [0xc0, 12], 'example.net'],
    ['a pointer into the question', [0xc0, 20], 'net'],
    ['a label and a pointer', [1, 97, 0xc0, 12], 'a.example.net'],
    ['the root', [0], '.'],
  ])('%s', (_, owner, text) => {
    const reading = readMessage(withOwner(...owner));
    if (!reading.ok) throw new Error('malformed');
    const [record] = recordsOf(reading.message);
    expect(record).toMatchObject({ section: 'answer', type: 1, class: 1, ttl: 0, rdataLength: 4 });
    expect(nameAt(reading.message, record?.nameOffset ?? 0)?.toString()).toBe(text);
  });

  test.each([
    ['a pointer to itself', [0xc0, 29]],
    ['a pointer past itself', [0xc0, 40]],
    ['a pointer to a label before it in the same name', [1, 97, 0xc0, 29]],
    ['a pointer into the header', [0xc0, 4]],
    ['label type 0x40', [0x41, 97, 0]],
    ['label type 0x80', [0x81, 97, 0]],
  ])('%s is malformed', (_, owner) => {
    const reading = readMessage(withOwner(...owner));
    expect(reading).toMatchObject({ ok: false, rcode: 1, question: { type: 1 } });
  });

  test('a pointer that leads back to one that leads forward is malformed', () => {
    // Octets at 40: `a`, then what is at 44: `b`.
    const data = Buffer.of(1, 97, 0xc0, 44, 1, 98, 0);
    const answers = [
      { name: Buffer.of(0), type: 65_280, rdata: data },
      { name: Buffer.of(0xc0, 40), type: 1, rdata: Buffer.alloc(4) },
    ];
    const bytes = build({ questions: [{}], answers });
    expect(bytes.subarray(40, 47)).toEqual(data);
    const reading = readMessage(bytes);
    if (!reading.ok) throw new Error('malformed');
    const [, record] = recordsOf(reading.message);
    expect(nameAt(reading.message, record?.nameOffset ?? 0)).toBeUndefined();
    expect(nameAt(reading.message, 44)?.toString()).toBe('b');
  });

  /** `rungs` names, each a pointer to the one before; the first is `example.net`. */
  function ladder(rungs: number): { message: Message; offsets: number[] } {
    const answers = Array.from({ length: rungs }, (_, index) => {
      const target = index === 0 ? 12 : 29 + (index - 1) * 12;
      return { name: Buffer.from([0xc0 | (target >> 8), target & 0xff]), type: 99 };
    });
    const reading = readMessage(build({ questions: [{}], answers }));
    if (!reading.ok) throw new Error('malformed');
    const offsets = [...recordsOf(reading.message)].map(({ nameOffset }) => nameOffset);
    return { message: reading.message, offsets };
  }

  test('pointers to pointers are followed from where somebody was before', () => {
    const { message, offsets } = ladder(1000);
    for (const offset of offsets) expect(nameAt(message, offset)?.toString()).toBe('example.net');
  });

  test('pointers are followed only as often as the message may cost', () => {
    const { message, offsets } = ladder(200);
    const names: (string | undefined)[] = [];
    // From the top down every name needs all the rungs below, as long as none of them is known.
    for (const offset of [...offsets].reverse()) {
      message.budget.known = undefined;
      names.push(nameAt(message, offset)?.toString());
    }
    expect(names[0]).toBe('example.net');
    expect(names[100]).toBeUndefined();
  });

  test('a reverse zone of IPv6 is read, all its hosts pointing to one name', () => {
    const zone = Name.parse(`${'0.'.repeat(28)}ip6.arpa`).wire;
    const target = Name.parse('static.customer.provider.net').wire;
    const digit = (value: number): number[] => [1, (value & 15).toString(16).charCodeAt(0)];
    const pointer = (to: number): number[] => [0xc0 | (to >> 8), to & 0xff];
    const start = 12 + zone.length + 4;
    const answers: RawRecord[] = [];
    // Each host is its last digit and a pointer to the first of the sixteen around it.
    let group = 0;
    for (let host = 0, at = start; at < 60_000; host++) {
      const first = host % 16 === 0 && at < 0x3f00;
      const above = [...digit(host >> 4), ...digit(host >> 8), ...digit(host >> 12)];
      const name = [...digit(host), ...(first ? [...above, ...pointer(12)] : pointer(group))];
      if (first) group = at + 2;
      const rdata = host === 0 ? target : Buffer.from(pointer(start + 10 + 10));
      answers.push({ name: Buffer.from(name), type: 12, rdata });
      at += name.length + 10 + rdata.length;
    }
    const reading = readMessage(build({ questions: [{ name: zone }], answers }));
    if (!reading.ok) throw new Error('malformed');
    const records = [...recordsOf(reading.message)].map((view) =>
      readRecord(reading.message, view),
    );
    expect(records.length).toBeGreaterThan(3500);
    expect(
      records.every(
        (record) => record?.rdata?.target?.toString() === 'static.customer.provider.net',
      ),
    ).toBe(true);
  });

  test('a name of many labels is read from thousands of records that point to it', () => {
    const name = Name.parse('a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.example.net').wire;
    const answers = Array.from({ length: 3000 }, () => ({
      name: Buffer.of(0xc0, 12),
      type: 15,
      rdata: Buffer.of(0, 10, 1, 120, 0xc0, 14),
    }));
    const parsed = parseMessage(build({ questions: [{ name }], answers }));
    if ('error' in parsed) throw new Error(parsed.error);
    const [record] = parsed.answer;
    expect(record?.rdata?.target?.toString()).toBe('x.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.example.net');
    expect(
      parsed.answer.every(({ rdata }) => rdata?.wire.equals(record?.rdata?.wire ?? name)),
    ).toBe(true);
  });

  test('names are made only as many as the message may cost', () => {
    const long = Buffer.concat([Buffer.from('3f'.padEnd(128, '61'), 'hex'), Buffer.from([0])]);
    const name = (letter: number) => Buffer.from([1, letter % 256, 0xc0, 12]);
    const answers = Array.from({ length: 2000 }, (_, index) => ({ name: name(index), type: 99 }));
    const reading = readMessage(build({ questions: [{ name: long }], answers }));
    if (!reading.ok) throw new Error('malformed');
    const { message } = reading;
    const spent = (): number => {
      const before = message.budget.octets;
      for (const { nameOffset } of recordsOf(message)) nameAt(message, nameOffset);
      return before - message.budget.octets;
    };
    expect(spent()).toBe(2000 * 67);
    while (message.budget.octets >= 0) spent();
    expect(nameAt(message, [...recordsOf(message)].at(-1)?.nameOffset ?? 0)).toBeUndefined();
  });
});

describe('readMessage', () => {
  test('gives header, question and EDNS', () => {
    const rdata = Buffer.from('00030000000a00080102030405060708', 'hex');
    const reading = readMessage(
      query('WWW.example.net', 28, { additionals: [opt({ size: 4096, dnssecOk: true, rdata })] }),
    );
    expect(reading).toMatchObject({
      ok: true,
      message: {
        header: { id: 0x1234, opcode: 0, questions: 1, additionals: 1 },
        question: { key: '\x03www\x07example\x03net\x00', type: 28, class: 1 },
        edns: {
          udpSize: 4096,
          version: 0,
          dnssecOk: true,
          options: [
            { code: 3, length: 0 },
            { code: 10, length: 8 },
          ],
        },
        signatureOffset: undefined,
      },
    });
  });

  test('does not read 11 octets', () => {
    expect(readMessage(Buffer.alloc(11))).toEqual({
      ok: false,
      rcode: 1,
      header: undefined,
      question: undefined,
    });
  });

  test.each(
    Array.from(
      { length: query('a.example.net', 1, { additionals: [opt()] }).length - 12 },
      (_, cut) => cut + 12,
    ),
  )('a message cut after %i octets is malformed', (length) => {
    const bytes = query('a.example.net', 1, { additionals: [opt()] }).subarray(0, length);
    expect(readMessage(bytes)).toMatchObject({ ok: false, rcode: 1, header: { id: 0x1234 } });
  });
});
