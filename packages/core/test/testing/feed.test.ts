import { expect, test } from 'vitest';
import { LineDecoder } from '../../src/bytes/line-decoder.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import type { Transport } from '../../src/contract/transport.ts';
import { chunkings } from '../../testing/chunkings.ts';
import { feed } from '../../testing/feed.ts';

/** Answers each line in capitals; correct however the input is cut. */
class Shout implements Protocol {
  #transport: Transport | undefined;
  readonly #lines = new LineDecoder({ maxBytes: 8 });

  connectionMade(transport: Transport): void {
    this.#transport = transport;
  }

  dataReceived(data: Buffer): void {
    for (const line of this.#lines.push(data)) {
      this.#transport?.write(Buffer.from(`${line.toString().toUpperCase()}\n`));
    }
  }
}

/** The beginner's mistake: takes a chunk for a message. */
class ChunkIsMessage implements Protocol {
  #transport: Transport | undefined;

  connectionMade(transport: Transport): void {
    this.#transport = transport;
  }

  dataReceived(data: Buffer): void {
    this.#transport?.write(Buffer.from(`[${data.toString()}]`));
  }
}

test.each(['every', 'bytes', 'whole', 3] as const)('gives one answer for cuts %s', async (cuts) => {
  const fed = await feed(() => new Shout(), 'hello\r\nyou\n', { cuts });
  expect(fed.written.toString()).toBe('HELLO\nYOU\n');
  expect(fed).toMatchObject({ closedWith: undefined, problems: [] });
});

test('throws when the answer depends on the cuts, and says which', async () => {
  await expect(feed(() => new ChunkIsMessage(), 'abc')).rejects.toThrow(
    'Cannot cut the input as 1+1+1 bytes: it gave "[a][b][c]", open',
  );
});

test('a protocol error ends the connection the same way for every cut', async () => {
  const fed = await feed(() => new Shout(), `ok\n${'x'.repeat(20)}\nnever\n`);
  expect(fed.closedWith).toMatchObject({ error: { code: 'HAWSER_LINE_TOO_LONG' } });
});

test('the end of input can be sent as well', async () => {
  const fed = await feed(() => new Shout(), 'a\n', { end: true });
  expect(fed.closedWith).toEqual({ kind: 'done' });
});

test('chunkings cover the whole, single bytes and every cut, and keep the bytes', () => {
  const all = [...chunkings(Buffer.from('abcd'))].map((chunks) => chunks.map(String).join('|'));
  expect(all).toEqual(['abcd', 'a|b|c|d', 'a|bcd', 'ab|cd', 'abc|d']);
  for (let seed = 0; seed < 50; seed++) {
    for (const chunks of chunkings(Buffer.from('abcd'), seed)) {
      expect(Buffer.concat(chunks).toString()).toBe('abcd');
    }
  }
  expect([...chunkings(Buffer.alloc(0))]).toEqual([[], []]);
});
