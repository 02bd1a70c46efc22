import assert from 'node:assert/strict';
import { SeededRandom } from '../testing/seeded-random.ts';
import type { ConformanceCase } from './conformance-case.ts';
import { assertSameBytes, numberedBytes } from './numbered-bytes.ts';
import type { Script } from './recorder.ts';
import { conformanceCase } from './session.ts';

const TOTAL = 5_000_000;

/** Bytes arrive as they were sent. */
export const integrityCases: readonly ConformanceCase[] = [
  conformanceCase({
    name: '5 MB both ways at once, in chunks of random size, arrive intact and are counted',
    invariants: [4, 9, 11],
    needs: ['bulk'],
    async play(session) {
      const bytes = numberedBytes(TOTAL);
      const server = session.protocol('server', sender(bytes, 1));
      const client = session.protocol('client', sender(bytes, 2));
      await session.connect(server, client);
      await session.lost(server, client);
      for (const each of [server, client]) {
        assertSameBytes(each.received, bytes, each.name);
        assert.deepEqual(each.reason, { kind: 'done' });
      }
      assert.ok(client.chunks.length > 1);
    },
  }),

  conformanceCase({
    name: 'bytesRead and bytesWritten add up while the connection is open',
    invariants: [],
    async play(session) {
      const server = session.protocol('server', { data: (chunk, t) => void t.write(chunk) });
      const client = session.protocol('client');
      await session.connect(server, client);
      const before = client.transport.bytesWritten;
      client.transport.cork();
      client.transport.write(Buffer.alloc(1000));
      assert.equal(client.transport.bytesWritten - before, 1000, 'what is corked counts');
      assert.ok(client.transport.pendingBytes >= 1000);
      client.transport.uncork();
      await session.received(client, 1000);
      assert.equal(client.transport.bytesWritten - before, 1000);
      assert.ok(client.transport.bytesRead >= 1000);
      assert.ok(server.transport.bytesRead >= 1000);
      assert.ok(server.transport.bytesWritten >= 1000);
    },
  }),

  conformanceCase({
    name: 'bytes that change after write do not change for the peer',
    invariants: [5],
    needs: ['copies'],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client');
      await session.connect(server, client);
      const bytes = Buffer.from('as written');
      client.transport.write(bytes);
      bytes.fill('!');
      await session.received(server, bytes.length);
      assert.equal(server.text, 'as written');
    },
  }),

  conformanceCase({
    name: 'a chunk belongs to the protocol: what comes later does not change it',
    invariants: [5, 9],
    async play(session) {
      const server = session.protocol('server');
      const client = session.protocol('client');
      await session.connect(server, client);
      server.transport.write(Buffer.from('kept'));
      await session.received(client, 4);
      for (const chunk of client.chunks) chunk.fill('!');
      server.transport.write(Buffer.from('more'));
      await session.received(client, 8);
      assert.equal(client.text, '!!!!more');
    },
  }),
];

/** Writes `bytes` in pieces as fast as it may, then ends. */
function sender(bytes: Buffer, seed: number): Script {
  const random = new SeededRandom(seed);
  let at = 0;
  const pump: Script['made'] = (t) => {
    while (at < bytes.length) {
      const piece = bytes.subarray(at, at + 1 + Math.floor(random.float() ** 3 * 200_000));
      at += piece.length;
      if (!t.write(piece)) break;
    }
    if (at >= bytes.length && !t.ending) t.end();
  };
  return { made: pump, drained: pump, ended: () => undefined };
}
