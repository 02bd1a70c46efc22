// Node's client of HTTP/2 and our server on both ends of a simulated link, timers and all.
import { connect as connectHttp2 } from 'node:http2';
import type { Socket } from 'node:net';
import { plug, type Simulation, serve, simulate } from '@hawser/core';
import { expect, test } from 'vitest';
import { http } from '../../src/index.ts';
import { send } from './h2-world.ts';

async function conversation(sim: Simulation): Promise<string[]> {
  const [server, client] = sim.hosts('server', 'client');
  sim.link(server, client, { latencyMs: [10, 40], cut: 'random' });
  const web = http(async (asked) => new Response(`${asked.url} ${(await asked.text()).length}`));
  return sim.settled.until(async () => {
    const service = serve('tcp://:80', web);
    await service.start(server);
    const socket = await new Promise<Socket>((made, failed) => {
      const options = { host: 'server', port: 80 };
      void client.tcp.connect(options, plug('client', { accept: made })).addErrback(failed);
    });
    const session = connectHttp2('http://server', { createConnection: () => socket });
    const goaways: string[] = [];
    session.on('goaway', (code) => void goaways.push(`goaway ${code}`));
    const closed = new Promise((done) => session.on('close', done));
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((path) =>
        send(session, { ':method': 'POST', ':path': `/${path}` }, 'x'.repeat(100_000)),
      ),
    );
    // The server keeps the connection open for a while, and then ends it by itself.
    await closed;
    await service.stop();
    return [...answers.map(({ body }) => body), ...goaways];
  });
}

test('requests side by side on one connection take the same virtual time on every run', async () => {
  const runs = [];
  for (let run = 0; run < 3; run++) {
    runs.push(await simulate(conversation, { seed: 3, drive: 'manual' }));
  }
  for (const { result } of runs) {
    expect(result).toEqual([
      'http://server/a 100000',
      'http://server/b 100000',
      'http://server/c 100000',
      'goaway 0',
    ]);
  }
  // Much longer than the packets took: the keep-alive timeout ended it.
  expect(runs[0]?.durationMs).toBeGreaterThan(5_000);
  expect(new Set(runs.map(({ durationMs }) => durationMs)).size).toBe(1);
});
