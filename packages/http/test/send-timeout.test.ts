import { afterEach, expect, test } from 'vitest';
import { http } from '../src/index.ts';
import { RawClient } from './raw-client.ts';
import { pipeWorld, type World } from './world.ts';

let world: World;
afterEach(() => world.stop());

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

test('a stream may rest longer than sendTimeoutMs while its peer has taken everything', async () => {
  world = pipeWorld();
  let source: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({ start: (it) => void (source = it) });
  const factory = http(() => new Response(body), { sendTimeoutMs: 1_000 });
  const client = await world.connect(factory, new RawClient());
  client.send(GET);
  await client.until('\r\n\r\n');
  for (const event of ['first', 'second']) {
    await world.elapse(60_000);
    source?.enqueue(Buffer.from(event));
    expect(await client.until(event)).toContain(event);
  }
});

test('a peer that takes nothing of an answer is cut off after sendTimeoutMs', async () => {
  world = pipeWorld();
  const body = new Uint8Array(5_000_000);
  const factory = http(() => new Response(body), { sendTimeoutMs: 1_000 });
  const client = await world.connect(factory, new RawClient());
  client.transport.pauseReading();
  client.send(GET);
  await world.elapse(999);
  expect(client.isLost).toBe(false);
  await world.elapse(501);
  expect(await client.lost).toMatchObject({ kind: 'reset' });
});

test('a peer that takes an answer slowly gets all of it', async () => {
  world = pipeWorld();
  const factory = http(() => new Response('x'.repeat(2_000_000)), { sendTimeoutMs: 1_000 });
  const client = await world.connect(factory, new RawClient());
  client.send(GET);
  await client.until('\r\n\r\n');
  while (client.received.length < 2_000_000) {
    client.transport.pauseReading();
    await world.elapse(900);
    client.transport.resumeReading();
    await world.elapse(1);
  }
  expect((await client.answer()).endsWith('xxx')).toBe(true);
});

test('a peer that ended its side and takes nothing of a resting stream has left', async () => {
  world = pipeWorld();
  let cancelled = false;
  const body = new ReadableStream({ cancel: () => void (cancelled = true) });
  const client = await world.connect(
    http(() => new Response(body)),
    new RawClient(),
  );
  client.send(GET);
  await client.until('\r\n\r\n');
  client.transport.end();
  await world.elapse(2_000);
  await client.lost;
  expect(cancelled).toBe(true);
});
