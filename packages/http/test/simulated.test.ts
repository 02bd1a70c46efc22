// node:http on both ends of a simulated link, timers and all.
import { once } from 'node:events';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { plug, type Simulation, serve, simulate } from '@hawser/core';
import { expect, test } from 'vitest';
import { http } from '../src/index.ts';

async function conversation(sim: Simulation): Promise<string[]> {
  const [server, client] = sim.hosts('server', 'client');
  sim.link(server, client, { latencyMs: [10, 40] });
  const web = http(async (asked) => new Response(`${asked.method} ${await asked.text()}\n`));
  return sim.settled.until(async () => {
    const service = serve('tcp://:80', web);
    await service.start(server);
    const socket = await new Promise<Socket>((made, failed) => {
      const options = { host: 'server', port: 80 };
      void client.tcp.connect(options, plug('client', { accept: made })).addErrback(failed);
    });
    const answers = [await post(socket, 'one'), await post(socket, 'x'.repeat(50_000))];
    // The server keeps the connection open for a while, and then ends it by itself.
    await once(socket.resume(), 'end');
    socket.end();
    await once(socket, 'close');
    await service.stop();
    return answers;
  });
}

function post(socket: Socket, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { method: 'POST', createConnection: () => socket, headers: { connection: 'keep-alive' } },
      (answer) => void text(answer).then(resolve, reject),
    );
    asked.on('error', reject);
    asked.end(body);
  });
}

test('two requests on one connection take the same virtual time on every run', async () => {
  const runs = [];
  for (let run = 0; run < 5; run++) {
    runs.push(await simulate(conversation, { seed: 3, drive: 'manual' }));
  }
  for (const { result } of runs) {
    expect(result.map((answer) => answer.length)).toEqual(['POST one\n'.length, 50_006]);
  }
  // Much longer than the packets took: the keep-alive timeout ended it.
  expect(runs[0]?.durationMs).toBeGreaterThan(5_000);
  expect(new Set(runs.map(({ durationMs }) => durationMs)).size).toBe(1);
  expect(new Set(runs.map(({ traceHash }) => traceHash)).size).toBe(1);
});
