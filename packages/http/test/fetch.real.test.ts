import { afterAll, expect, test } from 'vitest';
import { http } from '../src/index.ts';
import { tcpWorld } from './world.ts';

const world = tcpWorld();
afterAll(() => world.stop());

const factory = http(
  async (request) => new Response(request.body, { headers: { 'x-method': request.method } }),
);

test('fetch gets what it posts, large, streamed and many at once', async () => {
  const url = `http://127.0.0.1:${await world.port(factory)}/`;
  const large = 'x'.repeat(1_000_000);
  const answers = await Promise.all(
    Array.from({ length: 20 }, async (_, at) => {
      const response = await fetch(url, { method: 'POST', body: at % 2 ? large : `small ${at}` });
      return response.text();
    }),
  );
  expect(answers.every((text, at) => text === (at % 2 ? large : `small ${at}`))).toBe(true);
  expect(world.reports.problems).toEqual([]);
});

test('fetch that gives up aborts the request, and the server answers others', async () => {
  let aborted: () => void = () => undefined;
  const whenAborted = new Promise<void>((done) => {
    aborted = done;
  });
  const slow = http(
    (request) =>
      new Promise<Response>(() => {
        request.signal.addEventListener('abort', aborted);
        giveUp.abort();
      }),
  );
  const giveUp = new AbortController();
  const url = `http://127.0.0.1:${await world.port(slow)}/`;
  await expect(fetch(url, { signal: giveUp.signal })).rejects.toThrow(/abort/);
  await whenAborted;
});
