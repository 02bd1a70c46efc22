import { describe, expect, test } from 'vitest';
import { encodeLine } from '../../src/bytes/encode-line.ts';
import { type Decoder, FrameDecoder } from '../../src/bytes/frame-decoder.ts';
import {
  encodeLengthPrefixed,
  type LengthPrefix,
  LengthPrefixDecoder,
} from '../../src/bytes/length-prefix.ts';
import { LineDecoder, type LineDecoderOptions } from '../../src/bytes/line-decoder.ts';
import { encodeNetstring, NetstringDecoder } from '../../src/bytes/netstring.ts';
import { ProtocolError } from '../../src/errors.ts';
import { chunkings } from '../../testing/chunkings.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';

const BAD = '!HAWSER_BAD_FRAME';
const TOO_LONG = '!HAWSER_FRAME_TOO_LONG';

/** What comes out, as text: frames, then `!` and the code of an error, then `+` and the rest. */
function decode(decoder: Decoder, chunks: readonly Uint8Array[]): string[] {
  const seen: string[] = [];
  try {
    for (const chunk of chunks) {
      for (const frame of decoder.push(chunk)) seen.push(frame.toString('latin1'));
    }
  } catch (error) {
    seen.push(`!${error instanceof ProtocolError ? error.code : 'another error'}`);
    // Nothing comes after an error.
    for (const frame of decoder.push(Buffer.from('1:a,\x01a\n'))) seen.push(`${frame} after it`);
  }
  const { buffered } = decoder;
  const rest = decoder.rest();
  expect(rest).toHaveLength(buffered);
  return rest.length > 0 ? [...seen, `+${rest.toString('latin1')}`] : seen;
}

describe('netstrings', () => {
  const cases: [name: string, input: string, output: string[]][] = [
    ['several', '5:hello,0:,3:a,b,', ['hello', '', 'a,b']],
    ['an unfinished one stays', '1:a,2:b', ['a', '+2:b']],
    ['an unfinished length stays', '1:a,1', ['a', '+1']],
    ['at the limit', '9:123456789,', ['123456789']],
    ['over the limit', '1:a,10:', ['a', TOO_LONG]],
    ['over the limit, known before the colon', '99', [TOO_LONG]],
    ['endless digits', '1'.repeat(400), [TOO_LONG]],
    ['a leading zero', '05:hello,', [BAD]],
    ['two zeros', '00:,', [BAD]],
    ['no length', ':,', [BAD]],
    ['a sign', '+1:a,', [BAD]],
    ['a space', ' 1:a,', [BAD]],
    ['another end', '1:ab', [BAD]],
    ['a string that is too short', '3:ab,1:c,', [BAD]],
  ];

  test.each(cases)('%s', (_, input, output) => {
    for (const chunks of chunkings(Buffer.from(input))) {
      expect(decode(new NetstringDecoder({ maxBytes: 9 }), chunks)).toEqual(output);
    }
  });

  test('text is counted in bytes of UTF-8', () => {
    expect(encodeNetstring('é').toString()).toBe('2:é,');
    expect(encodeNetstring('').toString()).toBe('0:,');
  });

  test('the limit must make sense', () => {
    for (const maxBytes of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => new NetstringDecoder({ maxBytes })).toThrow(RangeError);
    }
  });
});

describe('length prefixes', () => {
  const cases: [prefix: LengthPrefix, input: string, output: string[]][] = [
    [{ prefixBytes: 1 }, '\x02ab\x00\x09123456789', ['ab', '', '123456789']],
    [{ prefixBytes: 1 }, '\x02ab\x0a', ['ab', TOO_LONG]],
    [{ prefixBytes: 1 }, '\x02a', ['+\x02a']],
    [{ prefixBytes: 2 }, '\x00\x02ab\x00\x00\x00', ['ab', '', '+\x00']],
    [{ prefixBytes: 2 }, '\x01\x00', [TOO_LONG]],
    [{ prefixBytes: 2, endian: 'little' }, '\x02\x00ab\x00\x01', ['ab', TOO_LONG]],
    [{ prefixBytes: 4 }, '\x00\x00\x00\x02ab', ['ab']],
    [{ prefixBytes: 4 }, '\xff\xff\xff\xff', [TOO_LONG]],
    [{ prefixBytes: 4, endian: 'little' }, '\x02\x00\x00\x00ab\x00\x00\x00\x80', ['ab', TOO_LONG]],
  ];

  test.each(cases)('%o', (prefix, input, output) => {
    for (const chunks of chunkings(Buffer.from(input, 'latin1'))) {
      expect(decode(new LengthPrefixDecoder({ ...prefix, maxBytes: 9 }), chunks)).toEqual(output);
    }
  });

  test('what a prefix cannot say is refused', () => {
    expect(encodeLengthPrefixed(Buffer.alloc(255), { prefixBytes: 1 })).toHaveLength(256);
    expect(() => encodeLengthPrefixed(Buffer.alloc(256), { prefixBytes: 1 })).toThrow(RangeError);
    expect(() => encodeLengthPrefixed(Buffer.alloc(65_536), { prefixBytes: 2 })).toThrow(
      RangeError,
    );
    expect(() => new LengthPrefixDecoder({ prefixBytes: 1, maxBytes: -1 })).toThrow(RangeError);
  });
});

describe('encodeLine', () => {
  test.each<[line: string, delimiter: LineDecoderOptions['delimiter'], encoded: string]>([
    ['a\rb', 'newline', 'a\rb\n'],
    ['a\nb', 'crlf', 'a\nb\r\n'],
    ['', Buffer.from('--'), '--'],
  ])('%j with %j', (line, delimiter, encoded) => {
    expect(encodeLine(line, delimiter).toString()).toBe(encoded);
  });

  test.each<[line: string, delimiter: LineDecoderOptions['delimiter']]>([
    ['a\nb', 'newline'],
    ['a\r', 'newline'],
    ['RCPT TO:<a>\r\nDATA', 'crlf'],
    ['x-', Buffer.from('--')],
  ])('%j with %j would come out as something else', (line, delimiter) => {
    expect(() => encodeLine(line, delimiter)).toThrow(RangeError);
  });
});

describe('a decoder from one function', () => {
  test('gets the queue, and keeps what is not complete', () => {
    const records = (): FrameDecoder =>
      new FrameDecoder((queue) => (queue.length < 3 ? undefined : queue.take(3)));
    for (const chunks of chunkings(Buffer.from('abcdefgh'))) {
      expect(decode(records(), chunks)).toEqual(['abc', 'def', '+gh']);
    }
  });
});

/** Every framing: how to encode and decode, and an oracle that decodes one piece of text in the simplest way. */
const FRAMINGS: {
  name: string;
  make: (maxBytes: number) => Decoder;
  encode: (frame: Buffer) => Buffer;
  oracle: (text: string, maxBytes: number) => string[];
}[] = [
  {
    name: 'lines',
    make: (maxBytes) => new LineDecoder({ maxBytes }),
    encode: (frame) => encodeLine(frame.toString('latin1').replaceAll(/[\r\n]/g, '.')),
    oracle(text, maxBytes) {
      const [, ...parts] = ['', ...text.split('\n')];
      const rest = parts.pop() ?? '';
      const seen: string[] = [];
      for (const part of parts) {
        const line = part.replace(/\r$/, '');
        if (line.length > maxBytes) return [...seen, '!HAWSER_LINE_TOO_LONG'];
        seen.push(line);
      }
      if (rest.length > maxBytes + 1) return [...seen, '!HAWSER_LINE_TOO_LONG'];
      return rest === '' ? seen : [...seen, `+${rest}`];
    },
  },
  {
    name: 'netstrings',
    make: (maxBytes) => new NetstringDecoder({ maxBytes }),
    encode: (frame) => encodeNetstring(frame),
    oracle(text, maxBytes) {
      const seen: string[] = [];
      let left = text;
      while (left !== '') {
        const [digits = ''] = /^\d*/.exec(left) ?? [];
        for (let i = 1; i <= digits.length; i++) {
          if (i === 2 && digits[0] === '0') return [...seen, BAD];
          if (Number(digits.slice(0, i)) > maxBytes) return [...seen, TOO_LONG];
        }
        if (digits.length === left.length) return [...seen, `+${left}`];
        if (digits === '' || left[digits.length] !== ':') return [...seen, BAD];
        const end = digits.length + 1 + Number(digits);
        if (left.length <= end) return [...seen, `+${left}`];
        if (left[end] !== ',') return [...seen, BAD];
        seen.push(left.slice(digits.length + 1, end));
        left = left.slice(end + 1);
      }
      return seen;
    },
  },
  ...([1, 2, 4] as const).flatMap((prefixBytes) =>
    (['big', 'little'] as const).map((endian) => ({
      name: `${prefixBytes * 8} bits, ${endian}`,
      make: (maxBytes: number) => new LengthPrefixDecoder({ prefixBytes, endian, maxBytes }),
      encode: (frame: Buffer) => encodeLengthPrefixed(frame, { prefixBytes, endian }),
      oracle(text: string, maxBytes: number) {
        const seen: string[] = [];
        let left = text;
        while (left !== '') {
          if (left.length < prefixBytes) return [...seen, `+${left}`];
          const head = Buffer.from(left.slice(0, prefixBytes), 'latin1');
          const length =
            endian === 'big' ? head.readUIntBE(0, prefixBytes) : head.readUIntLE(0, prefixBytes);
          if (length > maxBytes) return [...seen, TOO_LONG];
          if (left.length < prefixBytes + length) return [...seen, `+${left}`];
          seen.push(left.slice(prefixBytes, prefixBytes + length));
          left = left.slice(prefixBytes + length);
        }
        return seen;
      },
    })),
  ),
];

describe.each(FRAMINGS)('fuzzed: $name', ({ make, encode, oracle }) => {
  test('what was encoded comes out, and damaged bytes come out as the oracle says, however cut', () => {
    const random = new SeededRandom(42);
    for (let round = 0; round < 400; round++) {
      const maxBytes = random.below(40);
      const frames = Array.from({ length: random.below(6) }, () =>
        Buffer.from(random.bytes(random.below(maxBytes + 1))),
      );
      const input = Buffer.concat(frames.map((frame) => encode(frame)));
      if (round % 2 === 1 && input.length > 0) {
        for (let damage = random.below(3); damage >= 0; damage--) {
          input[random.below(input.length)] = random.below(2) ? random.below(256) : 0x0a;
        }
      }
      const expected = oracle(input.toString('latin1'), maxBytes);
      for (const cuts of ['whole', 'bytes', round] as const) {
        for (const chunks of chunkings(input, cuts)) {
          expect(decode(make(maxBytes), chunks)).toEqual(expected);
        }
      }
    }
  });
});

test('a large frame that comes byte by byte takes linear time and little memory', () => {
  const decoder = new LengthPrefixDecoder({ prefixBytes: 4, maxBytes: 2 ** 20 });
  const encoded = encodeLengthPrefixed(Buffer.alloc(300_000, 'x'), { prefixBytes: 4 });
  let frame: Buffer | undefined;
  for (let i = 0; i < encoded.length; i++) {
    frame = decoder.push(encoded.subarray(i, i + 1)).next() ?? frame;
  }
  expect(frame).toHaveLength(300_000);
});
