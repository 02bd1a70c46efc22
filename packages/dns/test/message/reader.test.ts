import { describe, expect, test } from 'vitest';
import { nameAt, readMessage, recordsOf } from '../../src/message/reader.ts';
import { build, opt, query } from '../build.ts';

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

  test('pointers are followed only as often as the budget allows', () => {
    // Each name is a pointer to the one before: the last needs 200 hops.
    const answers = Array.from({ length: 200 }, (_, index) => {
      const target = index === 0 ? 12 : 29 + (index - 1) * 12;
      return { name: Buffer.from([0xc0 | (target >> 8), target & 0xff]), type: 99 };
    });
    const reading = readMessage(build({ questions: [{}], answers }));
    if (!reading.ok) throw new Error('malformed');
    const offsets = [...recordsOf(reading.message)].map(({ nameOffset }) => nameOffset);
    const names = offsets.map((offset) => nameAt(reading.message, offset));
    expect(names[10]?.toString()).toBe('example.net');
    expect(names.at(-1)).toBeUndefined();
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
