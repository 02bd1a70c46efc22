import { randomUUID } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BaseProtocol,
  createSimReactor,
  maxConnections,
  perAddress,
  type Reactor,
  serve,
  stack,
  toFactory,
} from '@hawser/core';
import { createTestReactor, FakeTransport } from '@hawser/core/testing';
import {
  bodyLimit,
  clientOf,
  cookieJar,
  csrf,
  EventGroup,
  editHeaders,
  type HttpClient,
  HttpError,
  type HttpHandler,
  HttpResponse,
  health,
  http,
  httpClient,
  httpUrl,
  type Middleware,
  nodeApp,
  problem,
  rateLimit,
  readEvents,
  readForm,
  requestState,
  requireBearerAuth,
  router,
  sessions,
  staticFiles,
  takeOver,
  trustProxy,
  validate,
} from '@hawser/http';
import { StubServer, testClient } from '@hawser/http/testing';
import { Group } from '@hawser/websocket';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

// The tests of docs/http.md.

const home: HttpHandler = () => HttpResponse.text('home');

describe('handlers', () => {
  test('answer with what they have', async () => {
    const app: HttpHandler = async (request, { version }) => {
      if (request.method === 'POST') return HttpResponse.json({ got: await request.json() });
      return HttpResponse.text(`You speak HTTP/${version}\n`);
    };
    await using client = testClient(app);
    expect(await (await client.get('/')).text()).toBe('You speak HTTP/1.1\n');
    const posted = await client.post('/', { json: [1] });
    expect(await posted.json()).toEqual({ got: [1] });
    expect((await client.post('/', { body: '{' })).status).toBe(400);
  });

  test('may answer with the same response again and again', async () => {
    const pong = HttpResponse.text('pong\n');
    const app: HttpHandler = () => pong;
    await using client = testClient(app);
    for (const _ of [1, 2]) expect(await (await client.get('/')).text()).toBe('pong\n');
  });
});

describe('routing', () => {
  const shipOf = (name: string): { readonly name: string } => ({ name });
  const admin = router().get('/', () => HttpResponse.text('admin'));
  const api = router().get('/', () => HttpResponse.text('api'));

  test('by method, path and host', async () => {
    const app = router()
      .get('/', () => HttpResponse.text('home'))
      .get('/ships/:name', ({ params }) => HttpResponse.json(shipOf(params.name)))
      .get('/ships/:name/logs/:year(\\d{4})', ({ params }) => HttpResponse.json(params))
      .get('/search', ({ query }) => HttpResponse.text(query.get('q') ?? 'nothing'))
      .mount('/admin', admin)
      .host('api.example.net', api)
      .notFound(() => HttpResponse.text('Not on this chart', { status: 404 }));
    await using client = testClient(app);
    const at = async (path: string): Promise<string> => (await client.get(path)).text();
    expect(await at('/')).toBe('home');
    expect(await at('/ships/queen%20anne')).toBe('{"name":"queen anne"}');
    expect(await at('/ships/vasa/logs/1628')).toBe('{"name":"vasa","year":"1628"}');
    expect(await at('/ships/vasa/logs/now')).toBe('Not on this chart');
    expect(await at('/search?q=a+b')).toBe('a b');
    expect(await at('/admin')).toBe('admin');
    expect(await at('http://api.example.net/')).toBe('api');
    const deleted = await client.delete('/ships/vasa');
    expect([deleted.status, deleted.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
    expect((await client.head('/')).headers.get('content-length')).toBe('4');
  });

  test('prints itself', () => {
    expect(String(router().get('/', home).post('/ships/:name', home))).toBe(
      'GET  /\nPOST /ships/:name',
    );
  });
});

describe('middleware', () => {
  const timed: Middleware = async (_request, next, { reactor }) => {
    const start = reactor.clock.now();
    const response = await next();
    const ms = reactor.clock.now() - start;
    return editHeaders(response, (headers) => headers.set('server-timing', `app;dur=${ms}`));
  };

  test('goes around a handler', async () => {
    await using client = testClient(router().use(timed).get('/', home));
    expect((await client.get('/')).headers.get('server-timing')).toBe('app;dur=0');
  });

  test('leaves something for the handlers', async () => {
    interface Tenant {
      readonly title: string;
    }
    const tenantOf = (hostname: string): Tenant => ({ title: `House of ${hostname}` });
    const tenant = requestState<Tenant>('tenant');

    const byHost: Middleware = (request, next) => {
      tenant.set(request, tenantOf(new URL(request.url).hostname));
      return next();
    };

    const app = router()
      .use(byHost)
      .get('/', (request) => HttpResponse.text(tenant.require(request).title));
    await using client = testClient(app);
    expect(await (await client.get('http://ann.test/')).text()).toBe('House of ann.test');
  });
});

test('errors are answered by their class', async () => {
  class NoSuchShip extends Error {}

  const app = router()
    .get('/ships/:name', ({ params }) => {
      if (params.name === 'flagship') throw new HttpError(403, 'secret');
      throw new NoSuchShip(params.name);
    })
    .onError(NoSuchShip, ({ message }) => problem({ status: 404, detail: `No ship ${message}` }))
    .onError(HttpError, ({ status, headers }) => problem({ status, headers }));
  await using client = testClient(app);
  const secret = await client.get('/ships/flagship');
  expect(await secret.json()).toEqual({ title: 'Forbidden', status: 403 });
  const deleted = await client.delete('/ships/vasa');
  expect(await deleted.json()).toEqual({ title: 'Method Not Allowed', status: 405 });
  const missing = await client.get('/ships/vasa');
  expect(missing.headers.get('content-type')).toBe('application/problem+json');
  expect(await missing.json()).toEqual({ title: 'Not Found', status: 404, detail: 'No ship vasa' });
  expect(client.reactor.reports.problems).toEqual([]);
});

test('bodies are collected with a limit, or read as they come', async () => {
  const app = router()
    .post('/note', async (request) => HttpResponse.text((await request.text()).toUpperCase()))
    .put('/backup', async (request) => {
      let bytes = 0;
      for await (const chunk of request.body ?? []) bytes += chunk.length;
      return HttpResponse.json({ bytes });
    })
    .put('/photo', bodyLimit(10_000_000), async (request) => {
      const photo = await readForm(request, { maxBytes: 10_000_000 });
      return HttpResponse.json([...photo.keys()]);
    });
  await using client = testClient(app);
  expect(await (await client.post('/note', { body: 'ahoy' })).text()).toBe('AHOY');
  const long = Buffer.alloc(1_048_577, 'x');
  expect((await client.post('/note', { body: long })).status).toBe(413);
  expect(await (await client.put('/backup', { body: long })).json()).toEqual({ bytes: 1_048_577 });
  const form = new FormData();
  form.append('photo', new Blob(['x'.repeat(2_000_000)]), 'a.jpg');
  expect(await (await client.put('/photo', { body: form })).json()).toEqual(['photo']);
  expect((await client.put('/photo', { body: Buffer.alloc(10_000_001) })).status).toBe(413);
});

test('forms are checked with their files', async () => {
  const profile = z.object({
    name: z.string().min(1),
    photo: z.file().max(1_000_000).mime(['image/png', 'image/jpeg']).optional(),
  });
  const app = router().post(
    '/profile',
    bodyLimit(2_000_000),
    validate({ body: profile }),
    ({ body }) => HttpResponse.json({ name: body.name, photo: body.photo?.size ?? 0 }),
  );
  await using client = testClient(app);
  const send = async (type: string): Promise<unknown[]> => {
    const form = new FormData();
    form.append('name', 'Ann');
    form.append('photo', new Blob(['x'.repeat(5)], { type }), 'a.png');
    const response = await client.post('/profile', { body: form });
    return [response.status, (await response.json<{ photo?: number }>()).photo];
  };
  expect(await send('image/png')).toEqual([200, 5]);
  expect(await send('text/html')).toEqual([400, undefined]);
});

test('events are kept for those who come back', async () => {
  const articles = ['all there is'];
  const news = new EventGroup({
    keep: 100,
    joined: ({ send }, { resumed }) => {
      if (!resumed) void send({ event: 'all', data: articles });
    },
  });
  await using client = testClient(router().get('/', news.join));
  const heard: string[] = [];
  const listen = async (lastEventId: string): Promise<string> => {
    const response = await client.get('/', { headers: { 'last-event-id': lastEventId } });
    for await (const event of readEvents(response.body)) {
      heard.push(event.data);
      if (event.data === 'one') return event.lastEventId;
      if (event.data === 'three') break;
      news.broadcast('one');
      news.broadcast('two');
      news.broadcast('three');
    }
    return '';
  };
  await listen(await listen('unknown'));
  expect(heard).toEqual(['["all there is"]', 'one', 'two', 'three']);
});

test('a download that was cut goes on where it ended', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-charts-'));
  writeFileSync(join(folder, 'chart.bin'), Buffer.alloc(100_000, 'x'));
  await using client = testClient(staticFiles(folder, { etag: 'strong' }));
  const shown: unknown[] = [];
  const show = (...what: unknown[]): void => void shown.push(what);
  const first = await client.get('chart.bin', {
    onProgress: ({ direction, bytes, total }) => show(direction, bytes, total),
  });
  const etag = first.headers.get('etag') ?? '';
  const have = (await first.bytes()).subarray(0, 60_000).length;
  const rest = await client.get('chart.bin', {
    headers: { range: `bytes=${have}-`, 'if-range': etag },
  });
  // 206 is the rest; 200 is a new file, from its beginning.
  const offset = rest.status === 206 ? have : 0;
  expect([offset, (await rest.bytes()).length]).toEqual([60_000, 40_000]);
  expect(shown.at(-1)).toEqual(['down', 100_000, 100_000]);
  rmSync(folder, { recursive: true });
});

test('answers are streamed', async () => {
  async function* readings(): AsyncGenerator<unknown> {
    yield { celsius: 4 };
    yield { celsius: 5 };
  }
  const app = router()
    .get('/rows', () =>
      HttpResponse.stream(async ({ write }) => {
        for (let row = 1; row <= 1_000; row++) await write(`${row}\n`);
      }),
    )
    .get('/events.jsonl', () => HttpResponse.jsonLines(readings()))
    .post('/echo', (request) => new HttpResponse(request.body));
  await using client = testClient(app);
  expect((await (await client.get('/rows')).text()).split('\n')).toHaveLength(1_001);
  const lines = await client.get('/events.jsonl');
  expect(await lines.text()).toBe('{"celsius":4}\n{"celsius":5}\n');
  expect(await (await client.post('/echo', { body: 'back' })).text()).toBe('back');
});

describe('who it is', () => {
  test('a session', async () => {
    const login = z.object({ user: z.string(), password: z.string() });
    const isPassword = async ({ password }: z.infer<typeof login>): Promise<boolean> =>
      password === 'rope';
    const app = router()
      .use(csrf())
      .use(sessions<{ user: string }>({ maxAgeMs: 3_600_000 }))
      .post('/login', validate({ body: login }), async ({ body, session }) => {
        if (!(await isPassword(body))) throw new HttpError(403, 'wrong password');
        // Whoever knew the cookie before knows nothing now.
        session.regenerate();
        session.set('user', body.user);
        return HttpResponse.redirect('/', 303);
      })
      .get('/', ({ session }) => HttpResponse.text(`You are ${session.get('user') ?? 'nobody'}`));
    const reactor = createTestReactor();
    await using client = testClient(app, {
      reactor,
      baseUrl: 'http://localhost/',
      redirect: 'manual',
    });
    const form = { user: 'ann', password: 'rope' };
    expect((await client.post('/login', { form: { ...form, password: '?' } })).status).toBe(403);
    const answer = await client.post('/login', { form });
    expect(answer.status).toBe(303);
    const [cookie = ''] = (answer.headers.get('set-cookie') ?? '').split(';');
    const mine = await client.get('/', { headers: { cookie } });
    expect(await mine.text()).toBe('You are ann');
    expect(await (await client.get('/')).text()).toBe('You are nobody');
    const headers = { origin: 'http://eve.test' };
    expect((await client.post('/login', { form, headers })).status).toBe(403);
    await client.elapse(3_600_000);
    expect(await (await client.get('/', { headers: { cookie } })).text()).toBe('You are nobody');
  });

  test('a token', async () => {
    const users = new Map([['t0ken', { name: 'ann' }]]);
    const api = router()
      .use(requireBearerAuth({ verify: (token) => users.get(token) }))
      .get('/me', ({ user }) => HttpResponse.json({ name: user.name }));
    await using client = testClient(api);
    expect((await client.get('/me')).status).toBe(401);
    expect(await (await client.get('/me', { auth: 't0ken' })).json()).toEqual({ name: 'ann' });
  });
});

describe('other protocols', () => {
  class Shout extends BaseProtocol {
    dataReceived(data: Buffer): void {
      this.transport.write(Buffer.from(data.toString().toUpperCase()));
    }
  }

  const upgrade = (protocol: string, ...fields: readonly string[]): string =>
    ['GET /live HTTP/1.1', 'host: a', 'connection: upgrade', `upgrade: ${protocol}`, ...fields]
      .concat('\r\n')
      .join('\r\n');

  test('WebSocket on a path', async () => {
    const watchers = new Group();
    const app = router().post('/news', async (request) => {
      const { sent } = watchers.broadcast({ news: await request.text() });
      return HttpResponse.json({ sent });
    });
    const factory = http(app, { websocket: { '/live': watchers.join } });
    const transport = new FakeTransport();
    transport.adopt(factory);
    const key = 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==';
    transport.receive(upgrade('websocket', 'sec-websocket-version: 13', key));
    await transport.settle();
    expect(transport.takeText()).toMatch(/^HTTP\/1\.1 101 /);
    expect(watchers.size).toBe(1);
    await using client = testClient(app);
    expect(await (await client.post('/news', { body: 'land' })).json()).toEqual({ sent: 1 });
    transport.lose();
    await transport.settle();
  });

  test('anything else by Upgrade', async () => {
    const shout = toFactory(() => new Shout());
    const app: HttpHandler = () => takeOver(shout, { protocol: 'shout' });
    const transport = new FakeTransport();
    transport.adopt(http(app));
    transport.receive(`${upgrade('shout')}hello`);
    await transport.settle();
    expect(transport.takeText()).toMatch(/^HTTP\/1\.1 101 [^]*\r\n\r\nHELLO$/);
    await using client = testClient(app);
    expect((await client.get('/')).status).toBe(426);
  });
});

test('TLS is up to the endpoint', () => {
  const app = home;
  const secure = serve('tls://:443?cert=/etc/ssl/web.pem&key=/etc/ssl/web.key', http(app));
  expect(secure.port).toBeUndefined();
});

describe('the client', () => {
  const clientOver = (server: StubServer): HttpClient => testClient(server);

  test('is made for a server', () => {
    const reactor: Reactor = createTestReactor();
    const client = httpClient(reactor, {
      baseUrl: 'https://api.example.net/v1/',
      headers: { accept: 'application/json' },
      timeouts: { connectMs: 5_000, headMs: 10_000, totalMs: 60_000 },
      retry: { limit: 3 },
      cookies: cookieJar(reactor.clock),
    });
    expect(client.status.connections).toBe(0);
    client.abort();
  });

  test('offers HTTP/2', () => {
    const reactor: Reactor = createTestReactor();
    const client = httpClient(reactor, { protocols: ['h2', 'http/1.1'] });
    expect(client.status.connections).toBe(0);
    client.abort();
  });

  test('asks', async () => {
    const chart = join(mkdtempSync(join(tmpdir(), 'hawser-chart-')), randomUUID());
    writeFileSync(chart, 'x'.repeat(100_000));
    const shown: unknown[] = [];
    const show = (what: unknown): void => void shown.push(what);
    const server = new StubServer();
    server.expect('GET', '/ships/vasa?fields=name%2Cyear').reply({ json: { name: 'Vasa' } });
    server.expect('POST', '/ships').reply({ status: 201 });
    server.expect('PUT', '/charts/1').reply({ status: 204 });
    server.expect('GET', '/log').reply({ body: 'one\ntwo\n' });
    await using client = clientOver(server);
    const response = await client.get('ships/vasa', { query: { fields: 'name,year' } });
    if (!response.ok) throw new Error(`No ship: ${response.status}`);
    const ship = await response.json<{ name: string }>();

    await client.post('ships', { json: { name: 'Vasa' }, auth: ['ann', 'secret'] });
    await client.put('charts/1', {
      body: createReadStream(chart),
      onProgress: ({ bytes }) => show(bytes),
    });

    for await (const line of (await client.get('log')).lines({ max: 65_536 })) show(line);
    expect(ship).toEqual({ name: 'Vasa' });
    expect(shown.slice(-3)).toEqual([100_000, 'one', 'two']);
    expect(server.requests[1]?.headers.get('authorization')).toMatch(/^Basic /);
    server.verify();
    rmSync(chart, { force: true });
  });
});

test('a server on a port that the system chose', async () => {
  const [host] = createSimReactor({ seed: 1 }).hosts('host');
  const server = serve('tcp://127.0.0.1:0', http(home));
  await server.start(host);
  await using client = httpClient(host);
  expect(await (await client.get(httpUrl(server, '/status'))).text()).toBe('home');
  await server.stop();
});

describe('testing', () => {
  test('greets whoever asks', async () => {
    await using client = testClient((request) =>
      HttpResponse.text(`Hello, ${new URL(request.url).searchParams.get('name')}`),
    );
    const response = await client.get('/', { query: { name: 'ann' } });
    expect([response.status, await response.text()]).toEqual([200, 'Hello, ann']);
  });

  test('time passes when the test says so', async () => {
    const app: HttpHandler = async (request) => HttpResponse.text(await request.text());
    async function* halfOfIt(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(500);
      await new Promise(() => undefined);
    }
    await using client = testClient(app, { server: { requestTimeoutMs: 30_000 } });
    const upload = client.post('/', {
      body: halfOfIt(),
      bodyLength: 1_000,
      timeouts: { headMs: 0 },
    });
    await client.elapse(31_000);
    expect((await upload).status).toBe(408);
  });

  test('a server that is scripted', async () => {
    const forecast = async (client: HttpClient, town: string): Promise<string> => {
      const response = await client.get(`/${town}`);
      return `${(await response.json<{ celsius: number }>()).celsius} degrees`;
    };
    const weather = new StubServer();
    weather.expect('GET', '/oslo').reply({ status: 503 }, { json: { celsius: 4 } });
    await using client = testClient(weather, { retry: { limit: 1 } });

    const asking = forecast(client, 'oslo');
    await client.elapse(1_000);
    expect(await asking).toBe('4 degrees');
    weather.verify();
  });

  test('a bad network', async () => {
    const app: HttpHandler = () => HttpResponse.text('made it');
    const sim = createSimReactor({ seed: 7 });
    const [server, phone] = sim.hosts('server', 'phone');
    sim.link(server, phone, { latencyMs: 200, loss: 0.05 });
    await server.tcp.listen({ port: 80 }, http(app));

    const client = httpClient(phone);
    const partition = sim.partition(server, phone);
    phone.clock.callLater(5_000, () => partition[Symbol.dispose]());
    const response = await client.get('http://server/');
    expect(await response.text()).toBe('made it');
    expect(sim.now()).toBeGreaterThan(5_000);
    client.abort();
  });
});

test('apps of others are mounted', async () => {
  const expressApp = express().get('/', (_request, response) => void response.send('Express'));
  const koaApp = new Koa().use((context) => {
    context.body = 'Koa';
  });
  const fastifyApp = fastify();
  fastifyApp.get('/', () => 'Fastify');
  await fastifyApp.ready();
  const honoApp = new Hono().get('/', (context) => context.text('Hono'));
  const app = router()
    .mount('/express', nodeApp(expressApp))
    .mount('/koa', nodeApp(koaApp.callback()))
    .mount('/fastify', nodeApp(fastifyApp))
    .mount('/hono', honoApp);
  await using client = testClient(app);
  for (const name of ['Express', 'Koa', 'Fastify', 'Hono']) {
    expect(await (await client.get(`/${name.toLowerCase()}/`)).text()).toBe(name);
  }
  await fastifyApp.close();
});

test('behind a proxy, the client is whom the proxy names', async () => {
  const app = router()
    .use(trustProxy({ trusted: ['10.0.0.0/8'] }))
    .use(rateLimit({ limit: 100 }))
    .get('/', (_request, context) => {
      const { address, scheme } = clientOf(context);
      return HttpResponse.json({ address, scheme });
    });
  const transport = new FakeTransport({
    peer: { kind: 'tcp', host: '10.0.0.1', port: 1, family: 4 },
  });
  transport.adopt(http(app));
  transport.receive('GET / HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 1.2.3.4, 192.0.2.7\r\n\r\n');
  await transport.settle();
  expect(transport.takeText()).toMatch(/\{"address":"192\.0\.2\.7","scheme":"http"\}$/);
});

test('limits are options and layers', async () => {
  const site: HttpHandler = async (request) => HttpResponse.text(await request.text());
  const app = stack(
    maxConnections(10_000),
    perAddress(100),
  )(http(site, { maxBodyBytes: 65_536, keepAliveTimeoutMs: 15_000 }));
  await using client = testClient(app);
  expect((await client.post('/', { body: 'x'.repeat(65_537) })).status).toBe(413);
});

test('health is asked at two paths', async () => {
  const database = {
    query: async (_text: string): Promise<void> => {
      throw new Error('no connection');
    },
  };
  const probes = health({ ready: { database: () => database.query('select 1') } });
  const app = router().use(probes.middleware).get('/', home);
  await using client = testClient(app);
  expect((await client.get('/healthz')).status).toBe(200);
  const ready = await client.get('/readyz');
  expect([ready.status, await ready.json()]).toEqual([
    503,
    { status: 'failing', checks: { database: 'failing' } },
  ]);
  expect(client.reactor.reports.problems).toHaveLength(1);
});

test('what was (req, res, next) is (request, next)', async () => {
  const sortOut: Middleware = async (request, next) => {
    if (request.headers.has('x-old')) return HttpResponse.redirect('/upgrade');
    const response = await next();
    return editHeaders(response, (headers) => headers.set('x-served-by', 'hawser'));
  };
  await using client = testClient(router().use(sortOut).get('/', home), { redirect: 'manual' });
  expect((await client.get('/')).headers.get('x-served-by')).toBe('hawser');
  expect((await client.get('/', { headers: { 'x-old': '1' } })).status).toBe(302);
});
