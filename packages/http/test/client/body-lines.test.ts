import { describe, expect, test } from 'vitest';
import { bodyLines } from '../../src/client/body-lines.ts';

const bytes = (text: string): Uint8Array[] => Array.from(Buffer.from(text), (at) => Buffer.of(at));

async function linesOf(pieces: Iterable<Uint8Array>, max: number): Promise<string[]> {
  const lines: string[] = [];
  const stream = ReadableStream.from(pieces) as ReadableStream<Uint8Array>;
  for await (const line of bodyLines(stream, new TextDecoder(), max)) lines.push(line);
  return lines;
}

describe('the lines of a body', () => {
  test.each([
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['\n\r\n', ['', '']],
    ['a\r\nb\n\nc\r', ['a', 'b', '', 'c']],
    ['\u00e9\u{1f600}\nx', ['\u00e9\u{1f600}', 'x']],
  ])('of %j are the same whole and bytewise', async (text, lines) => {
    expect(await linesOf([Buffer.from(text)], 10)).toEqual(lines);
    expect(await linesOf(bytes(text), 10)).toEqual(lines);
  });

  test('are no longer than was said', async () => {
    for (const text of ['1234', '1234\n', '1234\r\n', '1\n1234\r\n5']) {
      expect(await linesOf(bytes(text), 4)).toContain('1234');
      await expect(linesOf(bytes(text), 3)).rejects.toMatchObject({ code: 'HAWSER_LINE_TOO_LONG' });
    }
  });

  test('that never end cost no more than their octets', async () => {
    const text = 'x'.repeat(100_000);
    expect(await linesOf(bytes(text), 100_000)).toEqual([text]);
    // One that is too long is refused before all of it is there.
    let taken = 0;
    const endless = function* (): Generator<Uint8Array> {
      for (; ; taken++) yield Buffer.from('x');
    };
    await expect(linesOf(endless(), 100)).rejects.toMatchObject({ code: 'HAWSER_LINE_TOO_LONG' });
    expect(taken).toBeLessThan(110);
  });
});
