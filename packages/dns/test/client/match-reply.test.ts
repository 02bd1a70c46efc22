import { SeededRandom } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { matchReply } from '../../src/client/match-reply.ts';
import { COIN_BYTES, mixCase } from '../../src/client/mix-case.ts';
import { buildMessage, buildQuery, type MessageContent } from '../../src/message/build-message.ts';
import { Name } from '../../src/name.ts';
import { Opcode, Rcode } from '../../src/numbers.ts';
import { rr } from './fake-server.ts';

const name = Name.parse('www.Example.net');
const question = { name, type: 1, class: 1 };
const query = buildQuery({ id: 7, name, type: 1 });
const QR = 0x8000;

function answer(content: Partial<MessageContent>): Buffer {
  return buildMessage({ id: 7, flags: QR, question, ...content });
}

describe('a message to a query is', () => {
  const cases: readonly [string, Buffer, string][] = [
    ['the reply if everything is as it should be', answer({}), 'reply'],
    ['other with another id', answer({ id: 8 }), 'other'],
    ['other without QR', answer({ flags: 0 }), 'other'],
    ['other with another opcode', answer({ opcode: Opcode.Notify }), 'other'],
    [
      'other with another name',
      answer({ question: { ...question, name: Name.parse('www.Example.org') } }),
      'other',
    ],
    [
      'other with a longer name',
      answer({ question: { ...question, name: Name.parse('a.www.Example.net') } }),
      'other',
    ],
    ['other with another type', answer({ question: { ...question, type: 28 } }), 'other'],
    ['other with another class', answer({ question: { ...question, class: 3 } }), 'other'],
    [
      'respelled with the name in another case',
      answer({ question: { ...question, name: Name.parse('www.example.net') } }),
      'respelled',
    ],
    ['other without a question', answer({ question: undefined }), 'other'],
    [
      'the reply without a question if it is FORMERR',
      answer({ question: undefined, rcode: Rcode.FormErr }),
      'reply',
    ],
    [
      'the reply without a question if it is REFUSED',
      answer({ question: undefined, rcode: Rcode.Refused }),
      'reply',
    ],
    [
      'other without a question if it is NXDOMAIN',
      answer({ question: undefined, rcode: Rcode.NXDomain }),
      'other',
    ],
    [
      'other without a question if it has an answer',
      answer({
        question: undefined,
        rcode: Rcode.ServFail,
        answer: [rr('www.example.net 60 A 203.0.113.1')],
      }),
      'other',
    ],
    ['other if it ends in the question', answer({}).subarray(0, 20), 'other'],
    ['other if it ends in the header', answer({}).subarray(0, 11), 'other'],
    ['other if it is empty', Buffer.alloc(0), 'other'],
  ];
  test.each(cases)('%s', (_, reply, expected) => {
    expect(matchReply(query, reply)).toBe(expected);
  });

  test('the reply to an UPDATE without its zone (RFC 2136 §3.8)', () => {
    const update = buildQuery({ id: 7, name, type: 6, opcode: Opcode.Update, flags: 0 });
    const reply = answer({ question: undefined, opcode: Opcode.Update, rcode: Rcode.NXRRSet });
    expect(matchReply(update, reply)).toBe('reply');
  });
});

test('letters are spelled at random, and nothing else changes', () => {
  const random = new SeededRandom(1);
  const text = 'abcdefghijklmnopqrstuvwxyz-0123456789.\\091\\096\\123\\064.AZ';
  const original = buildQuery({ id: 1, name: text, type: 1, edns: { udpSize: 1232 } });
  const spellings = new Set<string>();
  for (let count = 0; count < 20; count++) {
    const copy = Buffer.from(original);
    mixCase(copy, random.bytes(COIN_BYTES));
    spellings.add(copy.toString('latin1'));
    const mixed = Name.fromWire(copy, 12);
    expect(mixed.key).toBe(Name.parse(text).key);
    expect(copy.subarray(12 + mixed.wire.length)).toEqual(
      original.subarray(12 + mixed.wire.length),
    );
  }
  expect(spellings.size).toBe(20);
});
