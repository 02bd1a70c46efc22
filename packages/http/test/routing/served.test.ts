import { Hono } from 'hono';
import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { sessions } from '../../src/middleware/sessions.ts';
import { signedCookies } from '../../src/middleware/signed-cookies.ts';
import { router } from '../../src/routing/router.ts';
import { validate } from '../../src/routing/validate.ts';
import { http } from '../../src/server/http.ts';
import { HttpResponse } from '../../src/web/http-response.ts';
import { testClient } from '../../testing/test-client.ts';

const app = router()
  .get('/hosts/:name', ({ params, query, url }) =>
    HttpResponse.json({ name: params.name, type: query.get('type'), url }),
  )
  .post('/hosts', validate({ body: z.object({ name: z.string() }) }), ({ body }) =>
    HttpResponse.json(body, { status: 201 }),
  )
  .mount('/app', async (request) => new HttpResponse(`${request.url} ${await request.text()}`))
  .mount(
    '/visits',
    router()
      .use(sessions<{ count: number }>())
      .get('/', ({ session }) => {
        const count = (session.get('count') ?? 0) + 1;
        session.set('count', count);
        return new HttpResponse(String(count));
      }),
  );

test('a router is served as it is', () => {
  expectTypeOf(http).toBeCallableWith(app);
});

test('routes requests of the engine', async () => {
  await using client = testClient(app);
  const found = await client.get('/hosts/m%C3%A4il?type=A');
  expect(await found.json()).toEqual({
    name: 'mäil',
    type: 'A',
    url: 'http://test/hosts/m%C3%A4il?type=A',
  });
  expect((await client.get('/nothing')).status).toBe(404);
  expect((await client.get('/hosts/%ff')).status).toBe(400);
  const head = await client.request('/hosts/mail', { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '46']);
  const refused = await client.request('/hosts', { method: 'PUT' });
  expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
  expect((await client.request('/hosts', { method: 'OPTIONS' })).status).toBe(204);
});

test('validates bodies of the engine', async () => {
  await using client = testClient(app, { server: { maxBodyBytes: 100 } });
  const created = await client.post('/hosts', { json: { name: 'mail', other: 1 } });
  expect([created.status, await created.json()]).toEqual([201, { name: 'mail' }]);
  const wrong = await client.post('/hosts', { json: { name: 1 } });
  expect([wrong.status, wrong.headers.get('content-type')]).toEqual([
    400,
    'application/problem+json',
  ]);
  expect((await client.post('/hosts')).status).toBe(400);
  expect((await client.post('/hosts', { body: 'x' })).status).toBe(415);
  expect((await client.post('/hosts', { json: { name: 'x'.repeat(200) } })).status).toBe(413);
});

test('mounts applications below a path', async () => {
  await using client = testClient(app);
  const response = await client.post('/app/a?b', { body: 'hello' });
  expect(await response.text()).toBe('http://test/a?b hello');
});

test('mounts an application that speaks fetch', async () => {
  const hono = new Hono().post('/echo/:name', async (c) =>
    c.json([c.req.param('name'), await c.req.json(), c.req.url]),
  );
  await using client = testClient(router().mount('/hono', hono));
  const response = await client.post('/hono/echo/a%2Fb', { json: { x: 1 } });
  expect(await response.json()).toEqual(['a/b', { x: 1 }, 'http://test/echo/a%2Fb']);
  expect((await client.get('/hono/none')).status).toBe(404);
});

test('remembers sessions', async () => {
  await using client = testClient(app);
  const first = await client.get('/visits');
  const cookie = first.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  expect(await first.text()).toBe('1');
  const second = await client.get('/visits', { headers: { cookie } });
  expect([await second.text(), second.headers.getSetCookie()]).toEqual(['2', []]);
});

test('signs cookies on responses of any kind', async () => {
  const cookies = signedCookies({ keys: ['0123456789abcdef0123456789abcdef'] });
  await using client = testClient((request) =>
    cookies.set(Response.json({ user: cookies.read(request, 'user') ?? null }), 'user', 'ada'),
  );
  const first = await client.get('/');
  const cookie = first.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const second = await client.get('/', { headers: { cookie } });
  expect([await first.json(), await second.json()]).toEqual([{ user: null }, { user: 'ada' }]);
});
