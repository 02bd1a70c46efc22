import { afterEach, describe, expect, test } from 'vitest';
import { type HttpHandler, http } from '../src/index.ts';
import { RawClient } from './raw-client.ts';
import { pipeWorld, type World } from './world.ts';

let world: World;
afterEach(() => world.stop());

async function ask(handler: HttpHandler, head: string): Promise<string> {
  world = pipeWorld();
  const client = await world.connect(http(handler), new RawClient());
  client.send(`${head}\r\nHost: a\r\n\r\n`);
  await world.elapse(1);
  return client.received;
}

const bodies: readonly (readonly [string, () => Response, number])[] = [
  ['text', () => new Response('héllo'), 6],
  ['no', () => new Response(null), 0],
  ['empty text', () => new Response(''), 0],
  ['a Buffer', () => new Response(Buffer.from('hello')), 5],
  ['an ArrayBuffer', () => new Response(new ArrayBuffer(7)), 7],
  ['JSON', () => Response.json({ a: 1 }), 7],
  ['a form', () => new Response(new URLSearchParams({ a: 'b' })), 3],
  ['a large text', () => new Response('x'.repeat(300_000)), 300_000],
];
describe.each(['1.0', '1.1'])('on HTTP/%s', (version) => {
  test.each(bodies)('%s body has its length and no chunks', async (_what, make, bytes) => {
    const answer = await ask(make, `GET / HTTP/${version}`);
    expect(answer).toMatch(new RegExp(`\\r\\ncontent-length: ${bytes}\\r\\n`, 'i'));
    expect(answer).not.toMatch(/transfer-encoding/i);
    expect(answer.length - answer.indexOf('\r\n\r\n') - 4).toBe(bytes);
  });
});

const LENGTH = { headers: { 'content-length': '77' } } as const;
test.each([
  ['HEAD', 200, true],
  ['GET', 304, true],
  ['GET', 204, false],
] as const)(
  'the length that a handler gives %s with %i is sent: %s',
  async (method, status, sent) => {
    const handler = (): Response => new Response(null, { status, ...LENGTH });
    const answer = await ask(handler, `${method} / HTTP/1.1`);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*\\r\\n\\r\\n$`));
    expect(/content-length: 77/i.test(answer)).toBe(sent);
  },
);

test('a body that is not as long as its handler says is cut off', async () => {
  world = pipeWorld();
  const body = new ReadableStream({
    async start(controller) {
      await new Promise<void>((done) => world.reactor.clock.callLater(1, done));
      controller.enqueue(Buffer.from('short'));
      controller.close();
    },
  });
  const client = await world.connect(
    http(() => new Response(body, LENGTH)),
    new RawClient(),
  );
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await world.elapse(10);
  expect(await client.lost).toMatchObject({ kind: 'reset' });
  expect(world.reports.problems).toHaveLength(1);
});

test('each cookie has a field of its own', async () => {
  const answer = await ask(() => {
    const response = new Response('x');
    response.headers.append('set-cookie', 'a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT');
    response.headers.append('set-cookie', 'b=2');
    return response;
  }, 'GET / HTTP/1.1');
  expect(answer.match(/^set-cookie: .*$/gim)).toEqual([
    'set-cookie: a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT',
    'set-cookie: b=2',
  ]);
});

test.each([
  ['a field', (bad: string) => new Response('x', { headers: { 'x-name': bad } })],
  ['a cookie', (bad: string) => new Response('x', { headers: { 'set-cookie': bad } })],
  ['the reason', (bad: string) => new Response('x', { statusText: bad })],
])('%s cannot split the answer', async (_what, make) => {
  const answer = await ask(() => make('a\r\nInjected: b\r\n\r\nHTTP/1.1 200 OK'), 'GET / HTTP/1.1');
  expect(answer).toMatch(/^HTTP\/1\.1 500 /);
  expect(answer).not.toMatch(/injected/i);
});

test.each([
  ['nothing', () => undefined],
  ['text', () => 'text'],
  ['an error response', () => Response.error()],
  ['a throw of nothing', () => Promise.reject(undefined)],
  [
    'a locked body',
    () => {
      const response = new Response('x');
      response.body?.getReader();
      return response;
    },
  ],
  [
    'a body of text',
    () =>
      new Response(
        new ReadableStream<unknown>({
          start: (body) => body.enqueue('text'),
        }) as ReadableStream<Uint8Array>,
      ),
  ],
])('a handler that gives %s gives 500 and a report', async (_what, handler) => {
  // The types do not let it; a program in JavaScript does.
  const answer = await ask(handler as HttpHandler, 'GET / HTTP/1.1');
  expect(answer).toMatch(/^HTTP\/1\.1 500 /);
  expect(world.reports.problems).toHaveLength(1);
});

test('a body that fails after its peer has left, or cannot be cancelled, harms nobody', async () => {
  world = pipeWorld();
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(Buffer.from('part')),
    cancel: () => Promise.reject(new Error('cannot')),
  });
  const client = await world.connect(
    http(() => new Response(body)),
    new RawClient(),
  );
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.until('part');
  client.transport.abort();
  await world.elapse(1);
  expect(world.reports.problems).toEqual([]);
});
