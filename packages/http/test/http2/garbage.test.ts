// Whatever a client sends, the connection may end by it; the process, other connections and the reports may not notice.
import { pipeWorld, SeededRandom } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { http } from '../../src/index.ts';
import { Flag, fields, frame, headers, PREFACE, RawClient, request, uint32 } from './raw-client.ts';

const app = http(async (asked) => {
  if (asked.url.endsWith('/stream')) return new Response(asked.body);
  return new Response(await asked.text());
});

/** Frames that are in order, in an order that is not. */
function someFrame(random: SeededRandom): Buffer {
  const id = 1 + 2 * pick(random, 6);
  const makers: (() => Buffer)[] = [
    () => headers(id, request('GET')),
    () => headers(id, request('POST', [], '/stream'), 0),
    () => headers(id, request('POST', [['te', 'trailers']], '/stream'), 0),
    () => headers(id, fields(['x-a', '1'])),
    () => frame('data', id, Buffer.alloc(pick(random, 2_000)), { flags: pick(random, 2) }),
    () => frame('data', id, [pick(random, 9), 1, 2, 3], { flags: Flag.Padded }),
    () => frame('rst', id, uint32(pick(random, 14))),
    () => frame('settings', 0, [0, 1 + pick(random, 6), ...uint32(pick(random, 100_000))]),
    () => frame('ping', 0, Buffer.alloc(8)),
    () => frame('window', pick(random, 2) * id, uint32(pick(random, 100_000))),
    () => frame('priority', id, [...uint32(pick(random, 9)), 1]),
    () => frame('headers', id, request().subarray(0, pick(random, 20))),
    () => frame('continuation', id, request().subarray(pick(random, 20)), { flags: 4 }),
    () => frame('goaway', 0, [...uint32(id), ...uint32(pick(random, 14))]),
    () => frame('unknown', id, [1, 2, 3]),
  ];
  return makers[pick(random, makers.length)]?.() ?? Buffer.alloc(0);
}

function pick(random: SeededRandom, below: number): number {
  return Math.floor(random.float() * below);
}

test.each([0, 1, 2, 3, 4, 5, 6, 7])('garbage of the seeds of hundred %i', async (hundred) => {
  for (let seed = hundred * 100; seed < hundred * 100 + 100; seed++) {
    const random = new SeededRandom(seed);
    const world = pipeWorld({ cut: seed });
    const client = await world.connect(app, new RawClient());
    client.send(PREFACE, frame('settings', 0));
    for (let nth = 0; nth < 12; nth++) {
      const bytes = someFrame(random);
      // One in four has a byte that is wrong.
      if (pick(random, 4) === 0) bytes[pick(random, bytes.length)] = pick(random, 256);
      client.send(bytes);
      if (pick(random, 3) === 0) await world.elapse(pick(random, 2_000));
    }
    if (pick(random, 2) === 0) client.transport?.abort();
    await world.elapse(400_000);
    expect(world.reports.problems, `seed ${seed}`).toEqual([]);
    expect(client.lost, `seed ${seed}`).toBe(true);
    await world.stop();
  }
});
