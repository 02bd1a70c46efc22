import { readFile } from 'node:fs/promises';
import http from 'node:http';
import type { Socket } from 'node:net';
import timers from 'node:timers';
import promises from 'node:timers/promises';
import { expect, test } from 'vitest';
import { toSocket } from '../../src/adapt/to-socket.ts';
import { createSimReactor, type Simulation } from '../../src/sim/simulation.ts';
import { Ear } from './conversation.ts';

test('a test that just awaits gets its answers: time passes by itself', async () => {
  const sim = createSimReactor({ seed: 7 });
  const [server, client] = sim.hosts('server', 'client');
  sim.link(server, client, { latencyMs: 50 });
  await server.tcp.listen({ port: 7000 }, () => {
    const ear = new Ear();
    return Object.assign(ear, { dataReceived: (data: Buffer) => ear.transport.write(data) });
  });
  const near = new Ear();
  const transport = await client.tcp.connect({ host: 'server', port: 7000 }, () => near);
  expect(sim.now()).toBe(100);
  transport.write(Buffer.from('hello'));
  await new Promise<void>((done) => void client.clock.callLater(1_000, done));
  expect([near.text, sim.now()]).toEqual(['hello', 1_100]);
  sim.close();
});

test('time by itself waits for files, and stops at its limit with a report', async () => {
  const sim = createSimReactor({ autoLimitMs: 5_000 });
  let ticks = 0;
  const tick = (): void => {
    ticks += 1;
    sim.clock.callLater(1_000, tick);
  };
  tick();
  await readFile(new URL(import.meta.url));
  while (sim.takeProblems().length === 0) await promises.setImmediate();
  expect([ticks, sim.now()]).toEqual([6, 5_000]);
});

test('once sim.sync is used, time stands still between its calls', async () => {
  const sim = createSimReactor();
  let fired = 0;
  sim.clock.callLater(10, () => {
    fired += 1;
  });
  sim.sync.advance(5);
  for (let turn = 0; turn < 20; turn++) await promises.setImmediate();
  expect([fired, sim.now()]).toEqual([0, 5]);
  sim.sync.advance(5);
  expect(fired).toBe(1);
});

test('sync runs until nothing is scheduled, or until its limit', () => {
  const sim = createSimReactor({ drive: 'manual' });
  sim.clock.callLater(10_000, () => undefined);
  expect(sim.sync.run({ limitMs: 500 })).toBe('limit');
  expect(sim.now()).toBe(500);
  expect(sim.sync.run()).toBe('idle');
  expect(sim.now()).toBe(10_000);
  const never = sim.host('a').tcp.connect({ host: '192.0.2.1', port: 1 }, () => new Ear());
  expect(() => sim.sync.until(never, { limitMs: 5 })).toThrow('within 5 virtual ms');
});

test('settled captures the timers of the process and puts them back', async () => {
  const sim = createSimReactor({ drive: 'manual' });
  const before = [globalThis.setTimeout, timers.setInterval, promises.setTimeout];
  const seen: unknown[] = [];
  let interval: NodeJS.Timeout | undefined;
  await sim.settled.until(
    async () => {
      setTimeout((...args: unknown[]) => seen.push(...args, sim.now()), 3_600_000, 'a', 'b');
      clearTimeout(setTimeout(() => seen.push('cleared'), 10));
      interval = timers.setInterval(() => seen.push('tick'), 1_500_000);
      expect(await promises.setTimeout(1_000, 'value')).toBe('value');
      const controller = new AbortController();
      const aborted = promises.setTimeout(1_000, '', { signal: controller.signal });
      controller.abort();
      await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
      await promises.setTimeout(3_600_000);
    },
    { limitMs: 10_000_000 },
  );
  expect(seen).toEqual(['tick', 'tick', 'a', 'b', 3_600_000]);
  expect([globalThis.setTimeout, timers.setInterval, promises.setTimeout]).toEqual(before);
  expect(sim.leaks().map(({ owner }) => owner)).toEqual(['timers of the process']);
  // Node's own function, on a timer that was made meanwhile.
  clearTimeout(interval);
  expect(sim.leaks()).toEqual([]);
});

test('a timer that throws is reported, and refresh and unref work', async () => {
  const sim = createSimReactor({ drive: 'manual' });
  const boom = new Error('boom');
  await sim.settled.until(async () => {
    setTimeout(() => {
      throw boom;
    }, 5);
    const moved = setTimeout(() => expect(sim.now()).toBe(150), 100);
    await promises.setTimeout(50);
    expect(moved.refresh().unref().hasRef()).toBe(false);
    await promises.setTimeout(200);
  });
  expect(sim.takeProblems()).toEqual([{ host: 'simulation', where: 'setTimeout', error: boom }]);
});

test('captured timers have the manners of those of node', async () => {
  const sim = createSimReactor({ drive: 'manual' });
  const seen: string[] = [];
  await sim.settled.until(async () => {
    setTimeout(() => seen.push(`too long: ${sim.now()}`), 2 ** 31);
    setTimeout(() => seen.push(`for ever: ${sim.now()}`), Number.POSITIVE_INFINITY);
    // oxlint-disable-next-line typescript/no-implied-eval -- node runs no text either
    expect(() => setTimeout('no function' as never)).toThrow(TypeError);
    const cleared = setTimeout(() => seen.push('cleared'), 5);
    clearTimeout(cleared);
    cleared.refresh();
    clearTimeout(Number(setTimeout(() => seen.push('cleared by number'), 5)));
    clearTimeout(`${Number(setTimeout(() => seen.push('cleared by text'), 5))}`);
    for await (const value of promises.setInterval(10, 'tick')) {
      seen.push(`${value} ${sim.now()}`);
      if (seen.length === 4) break;
    }
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 25);
    const ticks = promises.setInterval(10, '', { signal: controller.signal });
    await expect(
      (async () => {
        for await (const _ of ticks) continue;
      })(),
    ).rejects.toMatchObject({ name: 'AbortError' });
    await promises.scheduler.wait(60_000);
  });
  expect(seen).toEqual(['too long: 1', 'for ever: 1', 'tick 10', 'tick 20']);
  expect([sim.now(), sim.leaks()]).toEqual([60_045, []]);
});

test('two simulations cannot have the timers of one process', async () => {
  const [one, other] = [createSimReactor(), createSimReactor()];
  await one.settled.until(async () => {
    await expect(other.settled.elapse(1)).rejects.toMatchObject({ code: 'HAWSER_BUSY' });
  });
  await other.settled.elapse(1);
});

test('settled says so when the answer cannot come', async () => {
  const sim = createSimReactor({ drive: 'manual' });
  sim.clock.callLater(1e7, () => undefined);
  const never = new Promise<void>(() => undefined);
  await expect(sim.settled.until(never, { limitMs: 1_000 })).rejects.toThrow('within 1000 virtual');
  expect(await sim.settled.run({ limitMs: 1e8 })).toBe('idle');
});

test('node:http talks over a simulated link, in the same virtual time each run', async () => {
  const runs = new Set<string>();
  for (let run = 0; run < 5; run++) {
    const sim = createSimReactor({ seed: 7, link: { latencyMs: [20, 80] } });
    const body = await sim.settled.until(() => getOver(sim));
    expect(body).toBe('hello /path');
    runs.add(`${sim.now()} ${sim.traceHash}`);
    sim.close();
  }
  expect(runs.size).toBe(1);
});

async function getOver(sim: Simulation): Promise<string> {
  const [server, client] = sim.hosts('server', 'client');
  const app = http.createServer((request, response) => {
    setTimeout(() => response.end(`hello ${request.url}`), 1_000);
  });
  await server.tcp.listen({ port: 80 }, () => ({
    connectionMade: (transport) => void app.emit('connection', toSocket(transport)),
    dataReceived() {},
  }));
  const socket = await new Promise<Socket>((made) => {
    void client.tcp.connect({ host: 'server', port: 80 }, () => ({
      connectionMade: (transport) => made(toSocket(transport)),
      dataReceived() {},
    }));
  });
  return new Promise((done, failed) => {
    const request = http.get({ createConnection: () => socket, path: '/path' }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => done(body));
    });
    request.on('error', failed);
  });
}
