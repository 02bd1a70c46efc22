import { SeededRandom } from '@hawser/core/testing';
import { http } from '@hawser/http';
import { afterEach, expect, test } from 'vitest';
import { Group } from '../src/index.ts';
import { pipeWorld } from './world.ts';
import { connectWs } from './ws-client.ts';

let world = pipeWorld({ cut: 5 });
afterEach(async () => {
  await world.stop();
  world = pipeWorld({ cut: 5 });
});

/** A frame that is well-formed as often as not: any opcode, flag, length and mask (RFC 6455 §5.2). */
function anyFrame(random: SeededRandom): Buffer {
  const pick = (list: readonly number[]): number => list[random.below(list.length)] ?? 0;
  const first =
    pick([0x80, 0x80, 0]) | pick([0, 0, 0, 0, 0, 0x40]) | pick([0, 1, 2, 3, 8, 9, 10, 11]);
  const payload =
    random.below(2) === 0
      ? Buffer.alloc(pick([0, 1, 20, 125]), 'a')
      : random.bytes(pick([0, 1, 2, 20, 126, 700]));
  const claimed = payload.length + pick([0, 0, 0, 0, 0, 2]);
  const mask = pick([0x80, 0x80, 0x80, 0x80, 0]);
  const length =
    claimed < 126 ? [mask | claimed] : [mask | 126, Math.trunc(claimed / 256), claimed % 256];
  return Buffer.concat([Buffer.of(first, ...length), Buffer.alloc(mask === 0 ? 0 : 4), payload]);
}

test.each([
  ['bytes that are no frame', false],
  ['frames at random', false],
  ['frames at random, compression agreed on', true],
])('150 peers that send %s end themselves alone', async (what, deflate) => {
  const random = new SeededRandom(9);
  const group = new Group({ deflate, messageReceived: () => undefined });
  const factory = http(() => new Response('page'), { websocket: { '/live': group.join } });
  const other = await connectWs(world, factory);
  for (let session = 0; session < 150; session++) {
    const client = await connectWs(world, factory);
    client.ws.on('error', () => undefined);
    if (what === 'bytes that are no frame') {
      // Reserved bits that nobody agreed on, so that it can be no frame by chance.
      client.transport.write(Buffer.concat([Buffer.of(0x70), random.bytes(random.below(200))]));
    } else {
      for (let count = 1 + random.below(6); count > 0; count--) {
        client.transport.write(anyFrame(random));
      }
    }
    const end = random.below(3);
    if (end === 0) client.transport.abort();
    if (end === 1) client.transport.end();
    group.broadcast(String(session));
    expect(await other.next()).toBe(String(session));
    if (end === 2) await world.elapse(0);
    client.transport.abort();
  }
  await world.elapse(600_000);
  expect(group.size).toBe(1);
  expect(world.reports.problems).toEqual([]);
});
