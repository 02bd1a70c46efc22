// The ws library on both ends of a simulated link, compressed messages and pings included.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { plug, type Simulation, serve, simulate } from '@hawser/core';
import { http } from '@hawser/http';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { webSocket } from '../src/index.ts';

const LONG = 'to and fro '.repeat(2_000);

async function conversation(sim: Simulation): Promise<string[]> {
  const [server, client] = sim.hosts('server', 'client');
  sim.link(server, client, { latencyMs: [10, 40] });
  const echo = webSocket((session) => ({
    messageReceived: (message) => void session.send(message),
  }));
  const web = http(() => new Response('page'), { websocket: { '/live': echo } });
  return sim.settled.until(async () => {
    const service = serve('tcp://:80', web);
    await service.start(server);
    const socket = await new Promise<Socket>((made, failed) => {
      const options = { host: 'server', port: 80 };
      void client.tcp.connect(options, plug('client', { accept: made })).addErrback(failed);
    });
    const ws = new WebSocket('ws://server/live', { createConnection: () => socket });
    await once(ws, 'open');
    const said: string[] = [];
    for (const text of ['short', LONG]) {
      ws.send(text);
      const [data] = (await once(ws, 'message')) as [Buffer];
      said.push(data.toString());
    }
    ws.ping('still there?');
    const [pong] = (await once(ws, 'pong')) as [Buffer];
    said.push(pong.toString());
    ws.close(1000);
    const [code] = (await once(ws, 'close')) as [number];
    said.push(`closed ${code}`);
    await service.stop();
    return said;
  });
}

test('messages, a ping and the close take the same virtual time on every run', async () => {
  const runs = [];
  for (let run = 0; run < 5; run++) {
    runs.push(await simulate(conversation, { seed: 4, drive: 'manual' }));
  }
  for (const { result } of runs) {
    expect(result).toEqual(['short', LONG, 'still there?', 'closed 1000']);
  }
  expect(runs[0]?.durationMs).toBeGreaterThan(100);
  expect(new Set(runs.map(({ durationMs }) => durationMs)).size).toBe(1);
});
