import { expect, test } from 'vitest';
import { encodeNetstring, NetstringDecoder } from '../../src/bytes/netstring.ts';
import { portService, serve } from '../../src/services/port-service.ts';
import { createSimReactor } from '../../src/sim/simulation.ts';
import { connect } from '../../src/stream/connect.ts';
import { streaming } from '../../src/stream/streaming.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';

const echo = streaming(async (conn) => {
  for await (const line of conn.lines({ max: 1024 })) await conn.write(`${line}\n`);
});

test('the example of the guide: a server in a test, on a bad network', async () => {
  await using sim = createSimReactor({ seed: 7 });
  const [server, client] = sim.hosts('server', 'client');
  sim.link(server, client, { latencyMs: [20, 80], cut: 'random' });
  await serve('tcp://:7000', echo).start(server);
  const conn = await connect(client, 'tcp://server:7000');
  await conn.write('hello\n');
  expect(await conn.readLine({ max: 64 })).toBe('hello');
  sim.partition(server, client);
  void conn.write('into the void\n');
  await expect(conn.readLine({ max: 64 }).timeout(5_000, client.clock)).rejects.toMatchObject({
    code: 'HAWSER_TIMEOUT',
  });
  conn.abort();
});

test('whatever the network does to the bytes, frames come out as they went in', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    await using sim = createSimReactor({ seed });
    const [server, client] = sim.hosts('server', 'client');
    sim.link(server, client, { latencyMs: [1, 50], cut: 'random' });
    const frames = streaming(async (conn) => {
      for await (const frame of conn.frames(new NetstringDecoder({ maxBytes: 200_000 }))) {
        await conn.write(encodeNetstring(frame));
      }
    });
    await portService('tcp://:7000', frames).start(server);
    const conn = await connect(client, 'tcp://server:7000');
    const random = new SeededRandom(seed);
    const sent = Array.from({ length: 10 }, () => random.bytes(random.below(2) ? 50 : 150_000));
    const writing = (async () => {
      for (const frame of sent) await conn.write(encodeNetstring(frame));
      conn.end();
    })();
    const seen: Buffer[] = [];
    for await (const frame of conn.frames(new NetstringDecoder({ maxBytes: 200_000 }))) {
      seen.push(frame);
    }
    await writing;
    expect(Buffer.concat(seen).equals(Buffer.concat(sent))).toBe(true);
    expect(seen.map(({ length }) => length)).toEqual(sent.map(({ length }) => length));
    expect(await conn.close()).toEqual({ kind: 'done' });
  }
});
