// Against fetch of this process, which knows nothing of us.
import { tcpWorld } from '@hawser/core/testing';
import { afterAll, expect, test } from 'vitest';
import type { HttpHandler } from '../../src/contract/http-handler.ts';
import { parts } from '../../src/forms/parts.ts';
import { http } from '../../src/server/http.ts';
import { eventStream } from '../../src/sse/event-stream.ts';
import { readEvents } from '../../src/sse/event-stream-reader.ts';
import { HttpResponse } from '../../src/web/http-response.ts';

const world = tcpWorld();
afterAll(() => world.stop());

async function urlOf(handler: HttpHandler): Promise<string> {
  return `http://127.0.0.1:${await world.port(http(handler))}/`;
}

test('fetch uploads a form with a large file, which is streamed', async () => {
  const url = await urlOf(async (request) => {
    const seen: unknown[] = [];
    for await (const part of parts(request)) {
      let bytes = 0;
      if (part.kind === 'file')
        for await (const chunk of part.stream) bytes += (chunk as Buffer).length;
      seen.push(part.kind === 'file' ? [part.name, part.filename, bytes] : [part.name, part.value]);
    }
    return HttpResponse.json(seen);
  });
  const form = new FormData();
  form.append('before', 'ä');
  form.append('file', new File([Buffer.alloc(5_000_000, 'x')], 'größe.bin'));
  form.append('after', 'b');
  const response = await fetch(url, { method: 'POST', body: form });
  expect(await response.json()).toEqual([
    ['before', 'ä'],
    ['file', 'größe.bin', 5_000_000],
    ['after', 'b'],
  ]);
  expect(world.reports.problems).toEqual([]);
});

test('fetch gets a form back that we have written', async () => {
  const url = await urlOf(async (request) => new HttpResponse(await request.formData()));
  const form = new FormData();
  form.append('a', 'b');
  form.append('f', new File(['contents'], 'f.txt', { type: 'text/plain' }));
  const got = await (await fetch(url, { method: 'POST', body: form })).formData();
  expect(got.get('a')).toBe('b');
  expect(await (got.get('f') as File).text()).toBe('contents');
});

test('fetch reads events until it has enough, which ends the source', async () => {
  let ended: () => void = () => undefined;
  const whenEnded = new Promise<void>((done) => {
    ended = done;
  });
  const url = await urlOf((request) =>
    eventStream(request, async ({ send, signal, lastEventId }) => {
      signal.addEventListener('abort', () => ended());
      for (let id = Number(lastEventId) + 1; ; id++) await send({ id: String(id), data: { id } });
    }),
  );
  const { body } = await fetch(url, { headers: { 'last-event-id': '41' } });
  const data: string[] = [];
  for await (const event of readEvents(body as unknown as AsyncIterable<Uint8Array>)) {
    if (data.push(event.data) === 3) break;
  }
  expect(data).toEqual(['{"id":42}', '{"id":43}', '{"id":44}']);
  await whenEnded;
  expect(world.reports.problems).toEqual([]);
});
