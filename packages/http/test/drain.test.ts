import { afterEach, expect, test } from 'vitest';
import { http } from '../src/index.ts';
import { RawClient } from './raw-client.ts';
import { pipeWorld, type World } from './world.ts';

let world: World;
afterEach(() => world.stop());

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

test('a streamed answer is finished, and the connection with it', async () => {
  world = pipeWorld();
  let source: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({ start: (it) => void (source = it) });
  const client = await world.connect(
    http(() => new Response(body)),
    new RawClient(),
  );
  client.send(get('/'));
  await client.until('\r\n\r\n');
  world.drain();
  source?.enqueue(Buffer.from('rest'));
  source?.close();
  await client.ended;
  expect(client.received).toMatch(/rest\r\n0\r\n\r\n$/);
});

test('requests that wait are answered, and only the last answer says goodbye', async () => {
  world = pipeWorld();
  let finish: () => void = () => undefined;
  const held = new Promise<void>((done) => {
    finish = done;
  });
  const factory = http(async (request) => {
    await held;
    return new Response(new URL(request.url).pathname);
  });
  const client = await world.connect(factory, new RawClient());
  client.send(get('/1') + get('/2') + get('/3'));
  await world.elapse(1);
  world.drain();
  finish();
  for (const path of ['/1', '/2']) {
    const answer = await client.answer();
    expect(answer.endsWith(path)).toBe(true);
    expect(answer).not.toMatch(/connection: close/i);
  }
  expect(await client.answer()).toMatch(/connection: close[^]*\/3$/i);
  await client.ended;
});

test('a request whose head has begun is answered', async () => {
  world = pipeWorld();
  const client = await world.connect(
    http(() => new Response('x')),
    new RawClient(),
  );
  client.send(get('/').slice(0, 20));
  await world.elapse(1);
  world.drain();
  client.send(get('/').slice(20));
  expect(await client.answer()).toMatch(/^HTTP\/1\.1 200 [^]*connection: close/i);
  await client.ended;
});

test('a kept connection ends at once', async () => {
  world = pipeWorld();
  const client = await world.connect(
    http(() => new Response('x')),
    new RawClient(),
  );
  client.send(get('/'));
  await client.answer();
  world.drain();
  await client.ended;
  expect(client.received).toBe('');
});
