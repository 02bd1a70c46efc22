import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createNodeReactor, type Port } from '@hawser/core';
import { CollectedReports } from '@hawser/core/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  type BlockingOptions,
  type BlockingService,
  blocking,
} from '../../src/blocking/blocking.ts';
import { router } from '../../src/routing/router.ts';
import { http } from '../../src/server/http.ts';

// From a peer through the engine and a router into a thread, and back.

const handlers = new URL('./modules/handlers.ts', import.meta.url);
const gate = new Int32Array(new SharedArrayBuffer(16));
let reports: CollectedReports;
let port: Port;
const services: BlockingService[] = [];
const sockets: Socket[] = [];

beforeEach(() => {
  gate.fill(0);
  reports = new CollectedReports();
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await port.stop();
  await Promise.all(services.splice(0).map((each) => each.stop()));
});

async function serve(name: string, options: BlockingOptions = {}): Promise<number> {
  const service = blocking(handlers, { name, workers: 1, calls: { gate: () => gate }, ...options });
  services.push(service);
  const app = router().on(['GET', 'POST'], '/items/:item', service);
  const { tcp } = createNodeReactor({ reports });
  port = await tcp.listen({ host: '127.0.0.1', port: 0 }, http(app));
  return 'port' in port.address ? port.address.port : 0;
}

async function peer(portNumber: number, head: string): Promise<Socket> {
  const socket = connect({ port: portNumber, host: '127.0.0.1' });
  sockets.push(socket);
  await once(socket, 'connect');
  socket.write(head);
  return socket;
}

const GET = 'GET /items/one HTTP/1.1\r\nHost: app.test\r\n\r\n';

async function until(index: number, value: number): Promise<void> {
  await vi.waitFor(() => expect(Atomics.load(gate, index)).toBe(value), 10_000);
}

test('a thread answers below a router', async () => {
  const at = await serve('default');
  const answer = await fetch(`http://127.0.0.1:${at}/items/one?a=b`, { method: 'POST', body: 'x' });
  expect(answer.status).toBe(201);
  expect(await answer.json()).toMatchObject({
    params: { item: 'one' },
    url: `http://127.0.0.1:${at}/items/one?a=b`,
    body: 'x',
  });
});

test('an upload is sent back while it comes', async () => {
  const at = await serve('echo', { body: 'streamed', maxUntakenBytes: 50_000 });
  const body = 'abcdefgh'.repeat(100_000);
  const answer = await fetch(`http://127.0.0.1:${at}/items/one`, { method: 'POST', body });
  expect(await answer.text()).toBe(body);
  expect(reports.problems).toEqual([]);
});

test('a body over the limit is refused with 413, an error with 500', async () => {
  const at = await serve('fails', { maxBodyBytes: 2 });
  const over = await fetch(`http://127.0.0.1:${at}/items/one`, { method: 'POST', body: 'abc' });
  expect(over.status).toBe(413);
  expect(reports.problems).toEqual([]);
  const failed = await fetch(`http://127.0.0.1:${at}/items/one`);
  expect(failed.status).toBe(500);
  expect(await failed.text()).not.toContain('row');
  expect(reports.problems).toMatchObject([{ error: { name: 'RangeError', code: 'E_ROW' } }]);
});

test('a peer that leaves stops the handler', async () => {
  const at = await serve('patient');
  const socket = await peer(at, GET);
  await until(0, 1);
  socket.resetAndDestroy();
  await until(1, 1);
  expect(reports.problems).toEqual([]);
});

test('a peer that reads nothing stops the thread, and one that leaves then ends it', async () => {
  const at = await serve('endless', { maxUntakenBytes: 100_000 });
  const socket = await peer(at, GET);
  socket.pause();
  let written = 0;
  await vi.waitFor(
    () => {
      const before = written;
      written = Atomics.load(gate, 0);
      expect([before, written]).toEqual([written || 1, written]);
    },
    { timeout: 15_000, interval: 300 },
  );
  // What the kernel takes, and no more than the limits of the stream and the transport on top of it.
  expect(written).toBeLessThan(20_000);
  expect(Atomics.load(gate, 1)).toBe(0);
  socket.destroy();
  await until(1, 1);
  expect(reports.problems).toEqual([]);
});

test('a drain waits for the handler that runs', async () => {
  const at = await serve('gated');
  const answer = fetch(`http://127.0.0.1:${at}/items/one`);
  await until(0, 1);
  const drained = port.drain(performance.now() + 10_000);
  Atomics.store(gate, 1, 1);
  Atomics.notify(gate, 1);
  expect(await (await answer).text()).toBe('through');
  expect(await drained).toEqual({ finished: 1, aborted: 0 });
});
