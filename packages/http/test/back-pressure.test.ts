import { afterEach, expect, test } from 'vitest';
import { http } from '../src/index.ts';
import { RawClient } from './raw-client.ts';
import { pipeWorld, type World } from './world.ts';

let world: World;
afterEach(() => world.stop());

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

test('the source of an answer rests while the peer takes nothing', async () => {
  world = pipeWorld();
  let produced = 0;
  const endless = (): ReadableStream =>
    new ReadableStream({
      pull(controller) {
        produced += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
  const client = await world.connect(
    http(() => new Response(endless())),
    new RawClient(),
  );
  client.transport.pauseReading();
  client.send(GET);
  await world.elapse(1_000);
  const before = produced;
  await world.elapse(10_000);
  expect(before).toBeLessThan(2_000_000);
  expect(produced).toBe(before);
});

test('a peer that sends requests without end is not read while one is answered', async () => {
  world = pipeWorld();
  let calls = 0;
  const factory = http(() => {
    calls += 1;
    return new Promise<Response>(() => undefined);
  });
  const client = await world.connect(factory, new RawClient());
  for (let at = 0; at < 100; at++) client.send(GET.repeat(1_000));
  await world.elapse(1_000);
  expect(calls).toBe(1);
  expect(client.transport.pendingBytes).toBeGreaterThan(1_000_000);
});

test('a pipeline longer than what may wait is answered to its end', async () => {
  world = pipeWorld();
  const paths: string[] = [];
  const factory = http((request) => {
    paths.push(new URL(request.url).pathname);
    return new Response('x');
  });
  const client = await world.connect(factory, new RawClient());
  const wanted = Array.from({ length: 6_000 }, (_, at) => `/${at}`);
  client.send(...wanted.map((path) => GET.replace('/', path)));
  for (let at = 0; at < wanted.length; at++) await client.answer();
  expect(paths).toEqual(wanted);
});
