// Who takes an answer too slowly is cut off, by itself; who has done nothing wrong is not.
import { pipeWorld } from '@hawser/core/testing';
import { afterEach, expect, test } from 'vitest';
import type { Responder } from '../../src/contract/exchange.ts';
import type { Http2Options } from '../../src/http2/http2-options.ts';
import type { Http1Options } from '../../src/server/http-options.ts';
import { answering, connectRaw } from './h2-world.ts';
import { frame, headers, type RawClient, request, uint32 } from './raw-client.ts';

const OK = { status: 200, fields: [] };
const worlds: ReturnType<typeof pipeWorld>[] = [];
afterEach(async () => {
  for (const each of worlds.splice(0)) await each.stop();
});

async function raw(
  options: Http2Options & Http1Options,
  responder: Responder,
): Promise<{ client: RawClient; world: ReturnType<typeof pipeWorld> }> {
  const world = pipeWorld();
  worlds.push(world);
  return { client: await connectRaw(world, answering(responder, options)), world };
}

/** SETTINGS with the window that streams begin with. */
function initialWindow(bytes: number): Buffer {
  return frame('settings', 0, [0, 4, ...uint32(bytes)]);
}

/** Octets of DATA that came on each stream. */
function received(client: RawClient): Record<number, number> {
  const bytes: Record<number, number> = {};
  for (const { type, stream, payload } of client.frames) {
    if (type === 0) bytes[stream] = (bytes[stream] ?? 0) + payload.length;
  }
  return bytes;
}

test('a peer that opens no window is cut off after sendTimeoutMs, and the others go on', async () => {
  const gone: string[] = [];
  const { client, world } = await raw({ sendTimeoutMs: 4_000 }, (exchange) => {
    exchange.onGone((reason) => void gone.push(`${exchange.target} ${reason.name}`));
    if (exchange.target === '/large') exchange.respond(OK, Buffer.alloc(200_000));
    else exchange.stream(OK).write(Buffer.from('hello'));
  });
  client.send(headers(1, request('GET', [], '/large')), headers(3, request('GET', [], '/rests')));
  await world.elapse(9_000);
  expect(gone).toEqual(['/large TimeoutError']);
  expect(client.outcome).toMatchObject({ reset: [[1, 2]], goaway: [] });
});

test('a peer that takes a large answer slowly, beside others, is not cut off', async () => {
  const { client, world } = await raw({ sendTimeoutMs: 4_000 }, (exchange) =>
    exchange.respond(OK, Buffer.alloc(200_000)),
  );
  client.send(headers(1, request()), headers(3, request()));
  for (let second = 0; second < 20; second++) {
    await world.elapse(1_000);
    const open = frame('window', 0, uint32(66_000));
    client.send(open, ...[1, 3].map((id) => frame('window', id, uint32(1_000))));
  }
  expect(client.outcome).toMatchObject({ reset: [], goaway: [] });
});

test('windows of one octet now and then are as good as none', async () => {
  const { client, world } = await raw({ sendTimeoutMs: 4_000 }, (exchange) =>
    exchange.respond(OK, Buffer.alloc(66_000)),
  );
  client.send(initialWindow(0), headers(1, request()));
  for (let second = 0; second < 9; second++) {
    await world.elapse(1_000);
    client.send(frame('window', 1, uint32(1)));
  }
  expect(client.outcome).toMatchObject({ answered: [1], reset: [[1, 2]] });
});

test.each([
  ['below minSendRate is cut off', 100, [[1, 2]]],
  ['above it is not', 400, []],
])('a peer that takes an answer %s', async (_, rate, reset) => {
  const { client, world } = await raw({ sendTimeoutMs: 10_000, minSendRate: 250 }, (exchange) =>
    exchange.respond(OK, Buffer.alloc(66_000)),
  );
  client.send(initialWindow(0), headers(1, request()));
  for (let second = 0; second < 40; second++) {
    await world.elapse(1_000);
    client.send(frame('window', 1, uint32(rate)));
  }
  expect(client.outcome.reset).toEqual(reset);
});

test('answers that wait for each other, as the peer takes little of all of them, are not cut off', async () => {
  const { client, world } = await raw({ sendTimeoutMs: 4_000, minSendRate: 250 }, (exchange) =>
    exchange.respond(OK, Buffer.alloc(60_000)),
  );
  const ids = Array.from({ length: 20 }, (_, nth) => 1 + 2 * nth);
  client.send(...ids.map((id) => headers(id, request())));
  // In four seconds it takes as much as it has to, in forty each of them gets its turn.
  for (let second = 0; second < 60; second++) {
    await world.elapse(1_000);
    client.send(frame('window', 0, uint32(1_000)));
  }
  expect(client.outcome).toMatchObject({ reset: [], goaway: [] });
  client.send(frame('window', 0, uint32(2_000_000)));
  await world.elapse(1_000);
  expect(received(client)).toEqual(Object.fromEntries(ids.map((id) => [id, 60_000])));
});

test('but who opens the connection, and not an answer, has that one cut off', async () => {
  const { client, world } = await raw({ sendTimeoutMs: 4_000, minSendRate: 250 }, (exchange) =>
    exchange.respond(OK, Buffer.alloc(60_000)),
  );
  client.send(initialWindow(0), headers(1, request()), headers(3, request()));
  for (let second = 0; second < 20; second++) {
    await world.elapse(1_000);
    client.send(frame('window', 3, uint32(1_000)));
  }
  expect(client.outcome).toMatchObject({ reset: [[1, 2]], goaway: [] });
  expect(received(client)).toEqual({ 3: 19_000 });
});

test('a peer that opens the connection by an octet now and then has all its answers cut off', async () => {
  const { client, world } = await raw({ sendTimeoutMs: 4_000 }, (exchange) =>
    exchange.respond(OK, Buffer.alloc(70_000)),
  );
  client.send(headers(1, request()), headers(3, request()), headers(5, request()));
  for (let second = 0; second < 20; second++) {
    await world.elapse(1_000);
    client.send(frame('window', 0, uint32(1)));
  }
  const [first] = client.outcome.answered;
  expect(first).toBe(1);
  expect(client.outcome.reset.map(([, code]) => code)).toEqual([2, 2, 2]);
  expect(client.lost).toBe(true);
});
