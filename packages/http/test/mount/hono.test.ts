import { pipeWorld } from '@hawser/core/testing';
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { HTTPException } from 'hono/http-exception';
import { stream, streamSSE } from 'hono/streaming';
import { afterEach, describe, expect, test } from 'vitest';
import { fetchApp, type HawserEnv, http } from '../../src/index.ts';
import { connectClient, send } from '../http2/h2-world.ts';
import { ask, exchange } from './mount-world.ts';

const worlds: ReturnType<typeof pipeWorld>[] = [];
function world(): ReturnType<typeof pipeWorld> {
  const made = pipeWorld();
  worlds.push(made);
  return made;
}
afterEach(async () => {
  for (const each of worlds.splice(0)) await each.stop();
});

function app(): Hono<{ Bindings: HawserEnv }> {
  const made = new Hono<{ Bindings: HawserEnv }>();
  made.use('/cors/*', cors({ origin: 'https://a.example' }));
  made.get('/', (c) => c.text('hello'));
  made.get('/who', (c) =>
    c.json({
      url: c.req.url,
      query: c.req.query(),
      agent: c.req.header('user-agent'),
      version: c.env.hawser.version,
      secure: c.env.hawser.secure,
    }),
  );
  made.get('/user/:name', (c) => c.html(`<p>${c.req.param('name')}</p>`));
  made.post('/json', async (c) => c.json({ got: await c.req.json() }, 201));
  made.post('/form', async (c) => {
    const form = await c.req.parseBody();
    const { file, name } = form;
    return c.json({
      name,
      file: file instanceof File ? [file.name, file.type, await file.text()] : 'none',
    });
  });
  made.post('/echo', (c) => c.body(c.req.raw.body as ReadableStream));
  made.get('/stream', (c) =>
    stream(c, async (out) => {
      for (const piece of ['one ', 'two ', 'three']) await out.write(piece);
    }),
  );
  made.get('/events', (c) =>
    streamSSE(c, async (out) => {
      await out.writeSSE({ event: 'tick', data: '1', id: '7' });
    }),
  );
  made.get('/teapot', () => {
    throw new HTTPException(418, { message: 'short and stout' });
  });
  made.get('/throw', () => {
    throw new Error('oops');
  });
  made.get('/redirect', (c) => c.redirect('/'));
  made.get('/cors/x', (c) => c.text('shared'));
  made.get('/later', (c) => {
    c.executionCtx.waitUntil(Promise.reject(new Error('later')));
    return c.text('now');
  });
  made.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse();
    return c.text(error.message, 500);
  });
  return made;
}

const multipart = [
  '--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nann\r\n',
  '--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n',
  'Content-Type: text/plain\r\n\r\nhello\r\n--x--\r\n',
].join('');

// Each answer as Hono itself gives it to a Request of this process.
describe.each([
  ['with the request of this server', {}],
  ['with a standard Request', { standardRequest: true }],
])('Hono, mounted %s, answers as without a server', (_, options) => {
  test.each<[string, string, RequestInit]>([
    ['text', '/', {}],
    ['a parameter', '/user/ann', {}],
    ['JSON', '/json', { method: 'POST', body: '{"a":[1]}' }],
    [
      'a form',
      '/form',
      {
        method: 'POST',
        body: 'name=ann',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      },
    ],
    [
      'an upload',
      '/form',
      {
        method: 'POST',
        body: multipart,
        headers: { 'content-type': 'multipart/form-data; boundary=x' },
      },
    ],
    ['the body of the request', '/echo', { method: 'POST', body: 'streamed' }],
    ['a stream', '/stream', {}],
    ['events', '/events', {}],
    ['an exception', '/teapot', {}],
    ['an error', '/throw', {}],
    ['a redirect', '/redirect', {}],
    ['CORS', '/cors/x', { headers: { origin: 'https://a.example' } }],
    [
      'a preflight',
      '/cors/x',
      {
        method: 'OPTIONS',
        headers: { origin: 'https://a.example', 'access-control-request-method': 'PUT' },
      },
    ],
    ['404', '/nowhere', {}],
  ])('%s', async (__, path, init) => {
    const alone = await app().request(`http://hawser.example${path}`, init, {
      hawser: {} as HawserEnv['hawser'],
    });
    const place = world();
    const { method = 'GET', body = '', headers = {} } = init;
    const { seen } = await exchange(place, http(fetchApp(app(), options)), [
      ask(`${method} ${path}`, headers as Record<string, string>, body as string),
    ]);
    const expected: Record<string, string> = {};
    for (const [name, value] of alone.headers) {
      if (name !== 'transfer-encoding' && name !== 'connection' && name !== 'content-length')
        expected[name] = value;
    }
    expect(seen).toMatchObject([{ status: alone.status, body: await alone.text() }]);
    expect(seen[0]?.headers).toEqual(expected);
    expect(place.reports.problems).toEqual([]);
  });
});

test('Hono knows whom it is with, and what comes after the answer is reported when it fails', async () => {
  const place = world();
  const client = await connectClient(place, http(fetchApp(app())));
  const who = await send(client, { ':path': '/who?a=1', 'user-agent': 'test' });
  expect(JSON.parse(who.body)).toEqual({
    url: 'http://hawser.example/who?a=1',
    query: { a: '1' },
    agent: 'test',
    version: '2.0',
    secure: false,
  });
  expect((await send(client, { ':path': '/later' })).body).toBe('now');
  expect(place.reports.problems).toMatchObject([{ where: 'http.waitUntil' }]);
});

test('bindings may be given, or made for each request', async () => {
  const made = new Hono<{ Bindings: { name: string } }>().get('/', (c) => c.text(c.env.name));
  for (const env of [
    { name: 'ann' },
    (request: Request) => ({ name: new URL(request.url).pathname }),
  ]) {
    const { seen } = await exchange(world(), http(fetchApp(made, { env })), [ask('GET /')]);
    expect(seen[0]?.body).toBe(typeof env === 'function' ? '/' : 'ann');
  }
});

test('a function will do', async () => {
  const { seen } = await exchange(world(), http(fetchApp(() => new Response('hi'))), [
    ask('GET /'),
  ]);
  expect(seen[0]?.body).toBe('hi');
});
