import { expect, test } from 'vitest';
import type { CloseReason } from '../../src/contract/close-reason.ts';
import { connectPipe } from '../../testing/pipe.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';

// What a pipe promises beyond the contract of a transport.

function setUp(options: Parameters<typeof connectPipe>[3] = {}) {
  const reactor = createTestReactor();
  const chunks: string[] = [];
  const ends = connectPipe(
    reactor,
    () => ({ dataReceived: (data) => chunks.push(data.toString('latin1')), readEnded() {} }),
    () => ({ dataReceived() {}, readEnded() {} }),
    options,
  );
  const reasons: Record<string, CloseReason['kind']> = {};
  ends.server.onClose(({ kind }) => (reasons['server'] = kind));
  ends.client.onClose(({ kind }) => (reasons['client'] = kind));
  return { reactor, chunks, reasons, ...ends };
}

test('bytes are copied when they are written', async () => {
  const { client, chunks, reactor } = setUp();
  const bytes = Buffer.from('before');
  client.write(bytes);
  bytes.fill('!');
  await reactor.clock.settle();
  expect(chunks).toEqual(['before']);
});

test('chunks are joined, cut into bytes, or cut at random by seed, the same each time', async () => {
  const sent = 'The quick brown fox jumps over the lazy dog'.repeat(20);
  const cutBy = async (cut: 'whole' | 'bytes' | number): Promise<number[]> => {
    const { client, chunks, reactor } = setUp({ cut });
    client.write(Buffer.from(sent.slice(0, 10)));
    client.write(Buffer.from(sent.slice(10)));
    await reactor.clock.settle();
    expect(chunks.join('')).toBe(sent);
    return chunks.map(({ length }) => length);
  };
  expect(await cutBy('whole')).toEqual([sent.length]);
  expect(await cutBy('bytes')).toHaveLength(sent.length);
  const random = await cutBy(3);
  expect(random.length).toBeGreaterThan(1);
  expect(await cutBy(3)).toEqual(random);
  expect(await cutBy(4)).not.toEqual(random);
});

test('a reset discards what the peer has not read', async () => {
  const { server, client, chunks, reasons, reactor } = setUp();
  server.pauseReading();
  client.write(Buffer.from('unread'));
  await reactor.clock.settle();
  client.abort();
  await reactor.clock.settle();
  expect(chunks).toEqual([]);
  expect(reasons).toEqual({ client: 'aborted', server: 'reset' });
});

test('writing to an end that is gone is answered with a reset', async () => {
  const { server, client, reasons, reactor } = setUp();
  server.close();
  await reactor.clock.elapse(2000);
  expect(reasons).toEqual({ server: 'done' });
  client.write(Buffer.from('too late'));
  await reactor.clock.settle();
  expect(reasons).toEqual({ server: 'done', client: 'reset' });
});

test('the ends are addressed by name and numbered by reactor', () => {
  const { server, client, reactor } = setUp();
  expect(server.local).toEqual({ kind: 'memory', name: 'server' });
  expect(server.peer).toEqual(client.local);
  expect([server.id, client.id]).toEqual([1, 2]);
  const next = connectPipe(
    reactor,
    () => undefined,
    () => undefined,
  );
  expect(next.server.id).toBe(3);
});
