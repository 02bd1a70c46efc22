import { describe, expect, test } from 'vitest';
import { LineDecoder, type LineDecoderOptions } from '../../src/bytes/line-decoder.ts';
import { ProtocolError } from '../../src/errors.ts';
import { chunkings } from '../../testing/chunkings.ts';

/** Lines seen, the code of the error, and the rest. */
function decode(chunks: readonly Buffer[], options: LineDecoderOptions): string[] {
  const decoder = new LineDecoder(options);
  const seen: string[] = [];
  try {
    for (const chunk of chunks) {
      for (const line of decoder.push(chunk)) seen.push(line.toString());
    }
  } catch (error) {
    seen.push(error instanceof ProtocolError ? error.code : 'another error');
  }
  return [...seen, `rest:${decoder.rest().toString()}`];
}

const TOO_LONG = 'HAWSER_LINE_TOO_LONG';

describe('lines come out the same however the input is cut', () => {
  const cases: [string, LineDecoderOptions, string, string[]][] = [
    ['LF', { maxBytes: 9 }, 'a\nbc\n\nd', ['a', 'bc', '', 'rest:d']],
    ['CRLF', { maxBytes: 9 }, 'a\r\nbc\r\n\r\nd\r', ['a', 'bc', '', 'rest:d\r']],
    ['LF and CRLF mixed', { maxBytes: 9 }, 'a\r\nb\nc\r\n', ['a', 'b', 'c', 'rest:']],
    ['a CR inside a line stays', { maxBytes: 9 }, 'a\rb\r\r\n', ['a\rb\r', 'rest:']],
    [
      'strict CRLF keeps LF',
      { maxBytes: 9, delimiter: 'crlf' },
      'a\nb\r\nc\r\r\n',
      ['a\nb', 'c\r', 'rest:'],
    ],
    [
      'own delimiter',
      { maxBytes: 9, delimiter: Buffer.from('END') },
      'aENEND.END',
      ['aEN', '.', 'rest:'],
    ],
    ['at the limit', { maxBytes: 3 }, 'abc\nabc\r\n', ['abc', 'abc', 'rest:']],
    ['over the limit', { maxBytes: 3 }, 'ok\nabcd\nnever\n', ['ok', TOO_LONG, 'rest:']],
    ['over the limit, CRLF', { maxBytes: 3 }, 'ok\r\nabcd\r\nnever\r\n', ['ok', TOO_LONG, 'rest:']],
    ['over the limit, no end', { maxBytes: 3 }, 'ok\nabcde', ['ok', TOO_LONG, 'rest:']],
    ['strict, at the limit', { maxBytes: 3, delimiter: 'crlf' }, 'abc\r\n', ['abc', 'rest:']],
    ['strict, over', { maxBytes: 3, delimiter: 'crlf' }, 'abcd\r\n', [TOO_LONG, 'rest:']],
    ['empty lines only', { maxBytes: 0 }, '\n\r\n', ['', '', 'rest:']],
  ];
  test.each(cases)('%s', (_name, options, input, expected) => {
    for (const chunks of chunkings(Buffer.from(input))) {
      expect(decode(chunks, options)).toEqual(expected);
    }
  });
});

test('leaving the loop keeps the rest for handTo', () => {
  const decoder = new LineDecoder({ maxBytes: 80 });
  for (const line of decoder.push(Buffer.from('STARTTLS\r\n\x16\x03\x01\n'))) {
    if (line.toString() === 'STARTTLS') break;
  }
  expect(decoder.rest()).toEqual(Buffer.from('\x16\x03\x01\n'));
});

test('after a line that is too long nothing more comes', () => {
  const decoder = new LineDecoder({ maxBytes: 2 });
  expect(() => [...decoder.push(Buffer.from('abcdef'))]).toThrow(ProtocolError);
  expect([...decoder.push(Buffer.from('\nok\n'))]).toEqual([]);
});

test('a megabyte fed byte by byte is scanned once', () => {
  const decoder = new LineDecoder({ maxBytes: 1 << 20 });
  const one = Buffer.from('x');
  let lines = 0;
  for (let i = 0; i < 1 << 20; i++) for (const _ of decoder.push(one)) lines += 1;
  expect(lines).toBe(0);
  expect([...decoder.push(Buffer.from('\n'))].map((line) => line.length)).toEqual([1 << 20]);
});

test('a waiting piece of a line does not keep a large chunk alive', () => {
  const decoder = new LineDecoder({ maxBytes: 80 });
  // Not from the pool of node, which other small buffers share.
  const chunk = Buffer.allocUnsafeSlow(25_004);
  chunk.write(`${'line\n'.repeat(5_000)}part`);
  expect([...decoder.push(chunk)]).toHaveLength(5_000);
  expect(decoder.rest().buffer).not.toBe(chunk.buffer);
});

test('bad options are refused', () => {
  expect(() => new LineDecoder({ maxBytes: Number.NaN })).toThrow(RangeError);
  expect(() => new LineDecoder({ maxBytes: 1, delimiter: Buffer.alloc(0) })).toThrow(RangeError);
});
