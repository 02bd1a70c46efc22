import { SeededRandom } from '@hawser/core/testing';
import { http } from '@hawser/http';
import { afterEach, expect, test } from 'vitest';
import { Group } from '../src/index.ts';
import { pipeWorld } from './world.ts';
import { connectWs } from './ws-client.ts';

const world = pipeWorld({ cut: 5 });
afterEach(() => world.stop());

test('200 peers that send garbage after the handshake end themselves alone', async () => {
  const random = new SeededRandom(9);
  const group = new Group();
  const factory = http(() => new Response('page'), { websocket: { '/live': group.join } });
  const other = await connectWs(world, factory);
  for (let session = 0; session < 200; session++) {
    const client = await connectWs(world, factory);
    client.ws.on('error', () => undefined);
    // Reserved bits that nobody agreed on (RFC 6455 §5.2), so that it can be no frame by chance.
    client.transport.write(Buffer.concat([Buffer.of(0x70), random.bytes(random.below(200))]));
    if (random.below(2) === 0) client.transport.abort();
    group.broadcast(String(session));
    expect(await other.next()).toBe(String(session));
  }
  await world.elapse(600_000);
  expect(group.size).toBe(1);
  expect(world.reports.problems).toEqual([]);
});
