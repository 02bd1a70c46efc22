import { chunkings } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { DataDecoder } from '../src/data-decoder.ts';

interface Decoded {
  readonly content: string;
  readonly rest: string | undefined;
  readonly bare: boolean;
}

function decode(chunks: readonly Buffer[]): Decoded {
  const decoder = new DataDecoder();
  let content = '';
  let rest: string | undefined;
  for (const chunk of chunks) {
    if (rest !== undefined) {
      rest += chunk.toString('latin1');
      continue;
    }
    const decoded = decoder.push(chunk);
    content += decoded.content.toString('latin1');
    rest = decoded.rest?.toString('latin1');
  }
  return { content, rest, bare: decoder.bare };
}

test.each([
  ['.\r\n', '', ''],
  ['a\r\n.\r\n', 'a\r\n', ''],
  ['a\r\n.\r\nQUIT\r\n', 'a\r\n', 'QUIT\r\n'],
  ['..\r\n.\r\n', '.\r\n', ''],
  ['...a\r\n.b\r\n.\r\n', '..a\r\nb\r\n', ''],
  ['a.\r\n.\r\n', 'a.\r\n', ''],
  ['\r\n\r\n.\r\n', '\r\n\r\n', ''],
  ['a\r\n.', 'a\r\n', undefined],
  ['a\r\n.\r', 'a\r\n', undefined],
])('%j holds %j', (input, content, rest) => {
  for (const chunks of chunkings(Buffer.from(input, 'latin1'))) {
    expect(decode(chunks)).toEqual({ content, rest, bare: false });
  }
});

test.each(['a\nb\r\n', 'a\rb\r\n', '\n', '.\n.\r\n', '.\ra', 'a\r\r\n', '\r\ra'])(
  '%j is not exact, wherever it is cut',
  (input) => {
    for (const chunks of chunkings(Buffer.from(input, 'latin1'))) {
      expect(decode(chunks).bare).toBe(true);
    }
  },
);

test.each(['\n.\n', '\n.\r\n', '\r.\r\n', '\r.\r', '\r\n.\n', '\r\n.\r', '\n.\r', '\r.\n'])(
  '%j does not end the data',
  (ending) => {
    for (const chunks of chunkings(Buffer.from(`x${ending}y`, 'latin1'))) {
      expect(decode(chunks)).toMatchObject({ rest: undefined, bare: true });
    }
  },
);

test('decodes what a client stuffed', () => {
  const message = 'Subject: dots\r\n\r\n.\r\n..\r\n.a\r\n a.\r\n\r\n.\r\n';
  const stuffed = message.replace(/^\./gm, '..');
  for (const chunks of chunkings(Buffer.from(`${stuffed}.\r\n`))) {
    expect(decode(chunks)).toEqual({ content: message, rest: '', bare: false });
  }
});
