import { afterEach, expect, test } from 'vitest';
import { type HttpHandler, type HttpOptions, http } from '../src/index.ts';
import { RawClient } from './raw-client.ts';
import { pipeWorld, type World } from './world.ts';

let world: World;
afterEach(() => world.stop());

async function open(handler: HttpHandler, options?: HttpOptions): Promise<RawClient> {
  world = pipeWorld();
  return world.connect(http(handler, options), new RawClient());
}

/** A promise, and what settles it. */
function signal(): { readonly given: Promise<void>; give(): void } {
  let give = (): void => undefined;
  const given = new Promise<void>((done) => {
    give = done;
  });
  return { given, give };
}

const post = (length: number, body: string): string =>
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n${body}`;

test('a body that has arrived can be read after the peer has left', async () => {
  const later = signal();
  let outcome: Promise<string> | undefined;
  const client = await open(async (request) => {
    await later.given;
    outcome = request.text();
    return new Response(await outcome);
  });
  client.send(post(5, 'hello'));
  await world.elapse(1);
  client.transport.abort();
  await world.elapse(1);
  later.give();
  await world.elapse(1);
  await expect(outcome).resolves.toBe('hello');
  expect(world.reports.problems).toEqual([]);
});

test('a read after the peer has left fails when the body has not arrived', async () => {
  const later = signal();
  let outcome: Promise<string> | undefined;
  const client = await open(async (request) => {
    await later.given;
    outcome = request.text();
    return new Response(await outcome);
  });
  client.send(post(10, 'hello'));
  await world.elapse(1);
  client.transport.abort();
  await world.elapse(1);
  later.give();
  await world.elapse(1);
  await expect(outcome).rejects.toMatchObject({ code: 'HAWSER_HTTP_MALFORMED' });
  expect(world.reports.problems).toEqual([]);
});

test('a peer that leaves in the middle of its upload fails the read and aborts the signal', async () => {
  let outcome: Promise<string> | undefined;
  let aborted = false;
  const client = await open((request) => {
    request.signal.addEventListener('abort', () => {
      aborted = true;
    });
    outcome = request.text();
    return outcome.then((text) => new Response(text));
  });
  client.send(post(10, 'hello'));
  await world.elapse(1);
  client.transport.abort();
  await world.elapse(1);
  await expect(outcome).rejects.toMatchObject({ code: 'HAWSER_HTTP_MALFORMED' });
  expect(aborted).toBe(true);
});

test('a read that waits when the request is answered fails, and so does a later one', async () => {
  const requests: Request[] = [];
  let waiting: Promise<string> | undefined;
  const client = await open((request) => {
    requests.push(request);
    if (requests.length === 1) waiting = request.text();
    waiting?.catch(() => undefined);
    return new Response('early');
  });
  client.send(post(10, 'hello'));
  await client.answer();
  await expect(waiting).rejects.toMatchObject({ code: 'HAWSER_CLOSED' });
  client.send('world', post(5, 'hello'));
  await client.answer();
  await world.elapse(1);
  await expect(requests[1]?.text()).rejects.toMatchObject({ code: 'HAWSER_CLOSED' });
});

test('100 is never sent inside an answer', async () => {
  const later = signal();
  const client = await open(
    (request) =>
      new Response(
        new ReadableStream({
          async start(controller) {
            controller.enqueue(Buffer.from('first'));
            await later.given;
            request.text().catch(() => undefined);
            controller.enqueue(Buffer.from('second'));
          },
        }),
      ),
  );
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n');
  expect(await client.until('first')).toMatch(/connection: close/i);
  later.give();
  expect(await client.until('second')).not.toContain('100 Continue');
});

test('an upload waits while the handler does not read', async () => {
  const client = await open(() => new Promise(() => undefined), { maxBodyBytes: 100_000_000 });
  client.send(post(50_000_000, ''));
  const piece = Buffer.alloc(65_536);
  for (let at = 0; at < 100; at++) client.transport.write(piece);
  await world.elapse(1_000);
  expect(client.transport.pendingBytes).toBeGreaterThan(5_000_000);
});

test('a handler that cancels the body can still answer', async () => {
  const client = await open(async (request) => {
    await request.body?.cancel();
    return new Response('cancelled');
  });
  client.send(post(5, 'hello'), post(5, 'hello'));
  expect(await client.answer()).toMatch(/cancelled$/);
  expect(await client.answer()).toMatch(/cancelled$/);
});
