import { describe, expect, test } from 'vitest';
import {
  formatConversation,
  formatSaid,
  parseConversation,
  type Said,
} from '../../../src/layers/transform/conversation.ts';
import { SeededRandom } from '../../../testing/seeded-random.ts';

const client = (text: string): Said => ({ by: 'client', data: Buffer.from(text, 'latin1') });
const server = (text: string): Said => ({ by: 'server', data: Buffer.from(text, 'latin1') });

test('text is one line for each line of it, readable', () => {
  expect(formatSaid(client('EHLO me\r\nMAIL FROM:<>\r\n'))).toBe(
    'C: EHLO me\\r\\n\nC: MAIL FROM:<>\\r\\n\n',
  );
  expect(formatSaid(server('a\\b\tc\x00d, and nothing else '))).toBe(
    'S: a\\\\b\\tc\\x00d, and nothing else\\x20\n',
  );
});

test('what is mostly not printable is hex, in short lines', () => {
  const bytes = Buffer.from(Array.from({ length: 40 }, (_, at) => at + 0x80));
  expect(formatSaid({ by: 'client', data: bytes })).toBe(
    `C# ${bytes.toString('hex', 0, 32)}\nC# ${bytes.toString('hex', 32)}\n`,
  );
});

test('the ends, comments, blank lines and what was left out are read', () => {
  const text = '# why\n\nS: hi\\n\nC# 00 ff\nC: x\r\nC.\nS.\n...\n';
  expect(parseConversation(text)).toEqual({
    said: [
      server('hi\n'),
      client('\x00\xffx'),
      { by: 'client', data: 'end' },
      { by: 'server', data: 'end' },
    ],
    truncated: true,
  });
});

test('an empty line of text, and a space at its end', () => {
  expect(parseConversation('C:\nS: \nS:  x \n').said).toEqual([client(''), server(' x ')]);
});

test('random conversations are read as they were written', () => {
  const random = new SeededRandom(3);
  for (let round = 0; round < 300; round++) {
    const said = Array.from({ length: 1 + random.below(6) }, (_, at): Said => {
      const data = random.bytes(1 + random.below(100));
      // Half of them mostly text, with all that needs an escape.
      if (random.below(2) === 0) {
        for (let each = 0; each < data.length; each++) {
          if (random.below(15) > 0) data[each] = 0x20 + random.below(95);
          else data[each] = [9, 10, 13, 0x5c, 0x20, 0x7f][random.below(6)] ?? 0;
        }
      }
      return { by: at % 2 === 0 ? 'client' : 'server', data };
    });
    const conversation = { said, truncated: random.below(2) === 0 };
    expect(parseConversation(formatConversation(conversation))).toEqual(conversation);
  }
});

describe('a line that is wrong is named', () => {
  test.each([
    ['X: hi', 'line 2 does not begin'],
    ['hello', 'line 2 does not begin'],
    ['C hi', 'line 2 does not begin'],
    ['C# 0', 'line 2 has other than pairs'],
    ['C# 0g', 'line 2 has other than pairs'],
    ['S: a\\q', 'line 2 has an unknown escape'],
    ['S: a\\', 'line 2 has an unknown escape'],
    ['S: a\\x1', 'line 2 has an unknown escape'],
    ['S: €', 'line 2 has an unknown escape'],
  ])('%s', (line, message) => {
    expect(() => parseConversation(`# first\n${line}\n`)).toThrow(
      expect.objectContaining({ name: 'RangeError', message: expect.stringContaining(message) }),
    );
  });
});
