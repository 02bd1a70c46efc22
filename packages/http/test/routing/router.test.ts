import { UsageError } from '@hawser/core';
import { describe, expect, test, vi } from 'vitest';
import { MethodTree } from '../../src/routing/method-tree.ts';
import { router } from '../../src/routing/router.ts';
import { HttpResponse } from '../../src/web/http-response.ts';
import { ask } from './ask.ts';

const text = (body: string) => () => new HttpResponse(body);

async function say(app: Parameters<typeof ask>[0], url: string, init?: RequestInit) {
  const response = await ask(app, url, init);
  return `${response.status} ${await response.text()}`;
}

describe('paths', () => {
  test('a parameter is destructured from the request, which is the request', async () => {
    const app = router().get('/hosts/:name', (request) => {
      const { params } = request;
      return HttpResponse.json({ name: params.name, method: request.method });
    });
    const response = await ask(app, '/hosts/mail');
    expect(await response.json()).toEqual({ name: 'mail', method: 'GET' });
  });

  test.each([
    ['/a', 'static'],
    ['/b', 'param b'],
    ['/12', 'number 12'],
    ['/x/1/2', 'rest x/1/2'],
    ['/', 'rest '],
  ])('%s goes to the route that says most', async (path, answer) => {
    const app = router()
      .get('/*', ({ params }) => new HttpResponse(`rest ${params['*']}`))
      .get('/:id', ({ params }) => new HttpResponse(`param ${params.id}`))
      .get('/:id(\\d+)', ({ params }) => new HttpResponse(`number ${params.id}`))
      .get('/a', text('static'));
    expect(await say(app, path)).toBe(`200 ${answer}`);
  });

  test('a parameter is never empty: a route that takes less goes instead', async () => {
    const app = router()
      .get('/a/:id', text('param'))
      .get('/a/*', ({ params }) => new HttpResponse(`rest "${params['*']}"`));
    expect(await say(app, '/a/')).toBe('200 rest ""');
    expect(await say(router().get('/a/:id', text('param')), '/a/')).toBe('404 Not Found');
  });

  test('parameters are decoded once', async () => {
    const app = router().get('/:a/:b', ({ params }) => HttpResponse.json(params));
    const response = await ask(app, '/%2541%20%C3%A9/x%2Fy%3F');
    expect(await response.json()).toEqual({ a: '%41 é', b: 'x/y?' });
  });

  test.each(['/a/%', '/a/%g0', '/a/%ff', '/a/%c3', '/a/..', '/a/%2e%2E/b', '/./a', '/a/%00'])(
    '%s is a bad request',
    async (path) => {
      const app = router().get('/*', text('found')).get('/a/:x', text('found'));
      expect(await say(app, path)).toBe('400 Bad Request');
    },
  );

  test.each(['/files/a%2fb', '/files/a/%5Cb'])('%s hides a segment from "*"', async (path) => {
    expect(await say(router().get('/files/*', text('found')), path)).toBe('400 Bad Request');
  });

  test('an optional parameter may be missing', async () => {
    const app = router().get('/log/:day?', ({ params }) => HttpResponse.json({ day: params.day }));
    expect(await say(app, '/log')).toBe('200 {}');
    expect(await say(app, '/log/7')).toBe('200 {"day":"7"}');
  });

  test('several parameters share a segment', async () => {
    const app = router()
      .get('/:from-:to', ({ params }) => HttpResponse.json(params))
      .get('/at/:hour(\\d+)h:minute(\\d+)m', ({ params }) => HttpResponse.json(params));
    expect(await say(app, '/a-b')).toBe('200 {"from":"a","to":"b"}');
    expect(await say(app, '/at/12h5m')).toBe('200 {"hour":"12","minute":"5"}');
    expect(await say(app, '/a-')).toBe('404 Not Found');
  });

  test('the query is there, decoded when asked for', async () => {
    const app = router().get('/', ({ query }) =>
      HttpResponse.json([query.get('a'), query.getAll('b'), query.get('c') ?? null, query.size]),
    );
    expect(await say(app, '/?a=1%20+2&b=x&b=y')).toBe('200 ["1  2",["x","y"],null,3]');
    expect(await say(app, '/')).toBe('200 [null,[],null,0]');
  });

  test('case and the slash at the end count, or not', async () => {
    const strict = router().get('/a', text('found'));
    expect(await say(strict, '/A')).toBe('404 Not Found');
    expect(await say(strict, '/a/')).toBe('404 Not Found');
    const loose = router({ caseSensitive: false, trailingSlash: 'ignore' }).get(
      '/a/:Id',
      ({ params }) => new HttpResponse(params.Id),
    );
    expect(await say(loose, '/A/Xy/')).toBe('200 Xy');
    expect(await say(loose, '/a/%C4%B0x')).toBe('404 Not Found');
  });

  test('redirects to the path with or without the slash, never to another host', async () => {
    const app = router({ trailingSlash: 'redirect' })
      .get('/a', text('a'))
      .get('/b/', text('x'))
      .get('/e/*', text('e'));
    const response = await ask(app, '/a/?q=1');
    expect([response.status, response.headers.get('location')]).toEqual([308, '/a?q=1']);
    expect((await ask(app, '/b')).headers.get('location')).toBe('/b/');
    const open = router({ trailingSlash: 'redirect' }).get('/:x/', text('x'));
    expect((await ask(open, '//evil.example')).status).toBe(404);
    expect((await ask(open, '/\\evil.example')).status).toBe(404);
  });

  test('redirects to routes of every method as well', async () => {
    const app = router({ trailingSlash: 'redirect' }).all('/a', text('a'));
    expect((await ask(app, '/a/')).headers.get('location')).toBe('/a');
  });
});

describe('methods', () => {
  const app = router()
    .get('/x', text('got'))
    .post('/x', text('posted'))
    .on(['PROPFIND', 'X-THING'], '/dav', text('dav'))
    .all('/any', text('any'))
    .get('/any', text('got any'));

  test('GET answers HEAD', async () => {
    expect((await ask(app, '/x', { method: 'HEAD' })).status).toBe(200);
  });

  test('of a path without routes are not tried one by one', async () => {
    const many = router()
      .on(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'], '/:a-:b-:c', text('x'))
      .on(['PROPFIND', 'REPORT'], '/:a(x+)', text('y'));
    await ask(many, '/none');
    using find = vi.spyOn(MethodTree.prototype, 'find');
    expect((await ask(many, '/%25%25')).status).toBe(404);
    expect(find.mock.calls.length).toBeLessThanOrEqual(3);
  });

  test('are those of every expression in a place', async () => {
    const app = router()
      .get('/:id(\\d+)', text('number'))
      .post('/:name([a-z]+)', text('name'))
      .put('/:id(\\d+)', text('number'));
    for (const [path, allow] of [
      ['/7', 'GET, HEAD, PUT, OPTIONS'],
      ['/a', 'POST, OPTIONS'],
      ['/A', null],
    ] as const) {
      expect((await ask(app, path, { method: 'DELETE' })).headers.get('allow')).toBe(allow);
    }
  });

  test('another method is answered with those that are allowed', async () => {
    const response = await ask(app, '/x', { method: 'DELETE' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD, POST, OPTIONS');
  });

  test('OPTIONS is answered where there is a path', async () => {
    const response = await ask(app, '/x', { method: 'OPTIONS' });
    expect([response.status, response.headers.get('allow')]).toEqual([
      204,
      'GET, HEAD, POST, OPTIONS',
    ]);
    expect((await ask(app, '/y', { method: 'OPTIONS' })).status).toBe(404);
  });

  test('any token can be a method', async () => {
    expect(await say(app, '/dav', { method: 'X-THING' })).toBe('200 dav');
  });

  test('a route of one method goes before the same for all', async () => {
    expect(await say(app, '/any')).toBe('200 got any');
    expect(await say(app, '/any', { method: 'HEAD' })).toBe('200 got any');
    expect(await say(app, '/any', { method: 'PATCH' })).toBe('200 any');
    expect(await say(app, '/any', { method: 'NEW-ONE' })).toBe('200 any');
  });
});

describe('mistakes', () => {
  test.each([
    ['x', '"/"'],
    ['/a//b', 'empty'],
    ['/:', 'name'],
    ['/:a/:a', 'twice'],
    ['/*/a', 'last'],
    ['/a*', '"*"'],
    ['/:a?/b', 'optional'],
    ['/:a(', 'closed'],
    ['/:a((a+)+)', 'safe'],
    ['/:a([)', 'regular'],
    ['/a%20b', '%'],
    ['/..', '..'],
    ['/:a:b', 'followed'],
    ['/:a_b@c', 'followed'],
  ])('%s is refused: %s', (pattern, why) => {
    const add = () => router().get(pattern, text(''));
    expect(add).toThrow(UsageError);
    expect(add).toThrow(expect.objectContaining({ code: 'HAWSER_HTTP_BAD_ROUTE' }));
    expect(add).toThrow(why);
    expect(add).toThrow(JSON.stringify(pattern));
  });

  test('the same route twice names both', () => {
    const add = () => router().get('/hosts/:name', text('')).get('/hosts/:id', text(''));
    expect(add).toThrow(expect.objectContaining({ code: 'HAWSER_HTTP_DUPLICATE_ROUTE' }));
    expect(add).toThrow(
      'Cannot add "GET /hosts/:id" as the router could not tell it from "GET /hosts/:name"',
    );
  });

  test('a router inside itself is refused', () => {
    const inner = router();
    const outer = router().mount('/a', inner);
    expect(() => inner.mount('/b', outer)).toThrow('contain itself');
    expect(() => inner.mount('/b', inner)).toThrow('contain itself');
  });
});

test('the table of routes is readable', () => {
  const app = router()
    .get('/hosts/:name', text(''))
    .mount('/api', router().post('/', text('')).all('/*', text('')))
    .host('cdn.example.net', router().get('/:file', text('')));
  expect(String(app).split('\n')).toEqual([
    'GET  /hosts/:name',
    'POST /api',
    '*    /api/*',
    'GET  cdn.example.net/:file',
  ]);
});
