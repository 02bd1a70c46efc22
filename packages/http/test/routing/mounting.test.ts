import { describe, expect, test, vi } from 'vitest';
import { RouteIndex } from '../../src/routing/route-index.ts';
import { router } from '../../src/routing/router.ts';
import { HttpResponse } from '../../src/web/http-response.ts';
import { ask } from './ask.ts';

const text = (body: string) => () => new HttpResponse(body);

async function say(app: Parameters<typeof ask>[0], url: string, init?: RequestInit) {
  const response = await ask(app, url, init);
  return `${response.status} ${await response.text()}`;
}

describe('a router inside a router', () => {
  const users = router<{ tenant: string }>()
    .get('/', text('list'))
    .get('/:id', ({ params, url }) => new HttpResponse(`${params.tenant} ${params.id} ${url}`))
    .notFound(text('no user'));
  const app = router()
    .mount('/t/:tenant', router<{ tenant: string }>().mount('/users', users).get('/', text('home')))
    .get('/t/:tenant/users/me', text('me'))
    .notFound(() => new HttpResponse('nothing', { status: 404 }));

  test.each([
    ['/t/x', '200 home'],
    ['/t/x/users', '200 list'],
    ['/t/x/users/7', '200 x 7 http://example.net/t/x/users/7'],
    ['/t/x/users/me', '200 me'],
    ['/t/x/users/7/8', '200 no user'],
    ['/t/x/other', '404 nothing'],
    ['/', '404 nothing'],
  ])('%s', async (path, answer) => {
    expect(await say(app, path)).toBe(answer);
  });

  test('what is not found below a parameter has that parameter', async () => {
    const tenants = router<{ tenant: string }>()
      .use((request, next) => (request.params['tenant'] === 'x' ? next() : text('no tenant')()))
      .post('/', text(''))
      .notFound(({ params }) => HttpResponse.json(params));
    const around = router().mount('/t/:tenant', tenants);
    expect(await say(around, '/t/x/none')).toBe('200 {"tenant":"x"}');
    expect(await say(around, '/t/y/none')).toBe('200 no tenant');
    expect(await say(around, '/t/x')).toBe('405 Method Not Allowed');
  });

  test('at "/" it answers what is not found, if the one around has nothing to say', async () => {
    const inner = router().notFound(text('inner'));
    expect(await say(router().mount('/', inner), '/none')).toBe('200 inner');
    const outer = router().notFound(text('outer')).mount('/', inner);
    expect(await say(outer, '/none')).toBe('200 outer');
  });

  test('methods of both count for what is allowed', async () => {
    const both = router()
      .get('/a', text(''))
      .mount('/a', router().post('/', text('')));
    const response = await ask(both, '/a', { method: 'DELETE' });
    expect(response.headers.get('allow')).toBe('GET, HEAD, POST, OPTIONS');
  });

  test('the same path in both is refused, also later, and nothing is changed by it', async () => {
    const inner = router().get('/b', text('inner'));
    const outer = router().get('/a/b', text('outer'));
    expect(() => outer.mount('/a', inner)).toThrow('"GET /a/b"');
    expect(await say(outer, '/a/b')).toBe('200 outer');
    const later = router();
    outer.mount('/a', later);
    expect(() => later.get('/b', text(''))).toThrow(
      expect.objectContaining({ code: 'HAWSER_HTTP_DUPLICATE_ROUTE' }),
    );
    later.get('/c', text('c'));
    expect(await say(outer, '/a/c')).toBe('200 c');
  });

  test('a route added after the first request counts', async () => {
    const inner = router();
    const outer = router().mount('/a', inner);
    expect(await say(outer, '/a/b')).toBe('404 Not Found');
    inner.get('/b', text('b'));
    expect(await say(outer, '/a/b')).toBe('200 b');
  });

  test('other options than those around are refused', () => {
    expect(() => router().mount('/a', router({ caseSensitive: false }))).toThrow('caseSensitive');
    expect(() => router({ caseSensitive: false }).mount('/a', router())).not.toThrow();
  });

  test('two parameters of one name are refused', () => {
    const inner = router().get('/:id', text(''));
    expect(() => router().mount('/:id', inner)).toThrow('":id" is there twice');
  });
});

describe('a router inside two routers', () => {
  test('refuses a route that one of them has, and both stay as they were', async () => {
    const inner = router();
    const first = router().mount('/in', inner);
    const second = router().get('/in/x', text('own')).mount('/in', inner);
    expect(() => inner.get('/x', text('inner'))).toThrow('could not tell');
    expect(await say(first, '/in/x')).toBe('404 Not Found');
    first.get('/in/x', text('first'));
    expect([await say(first, '/in/x'), await say(second, '/in/x')]).toEqual([
      '200 first',
      '200 own',
    ]);
  });

  test('compares each route once with those of each, however many there are', () => {
    const inner = router();
    const app = router().mount('/in', inner).mount('/too', inner);
    using add = vi.spyOn(RouteIndex.prototype, 'add');
    for (let i = 0; i < 50; i++) {
      inner.get(`/${i}`, text(''));
      app.get(`/${i}`, text(''));
    }
    expect(add).toHaveBeenCalledTimes(50 * 3 + 50);
  });

  test('without routes has two parameters of one name refused all the same', () => {
    const inner = router().mount('/:id', router());
    expect(() => router().mount('/:id', inner)).toThrow('twice');
  });
});

describe('a handler inside a router', () => {
  const show = (request: Request) =>
    new HttpResponse(`${request.method} ${request.url} ${request.headers.get('x-a')}`);
  const app = router()
    .mount('/app', show)
    .mount('/t/:x/', { fetch: show })
    .get('/app/own', text('own'));

  test.each([
    ['/app', 'http://example.net/'],
    ['/app/', 'http://example.net/'],
    ['/app/a/b?q=/app', 'http://example.net/a/b?q=/app'],
    ['/app/a%2Fb', 'http://example.net/a%2Fb'],
    ['/app?q', 'http://example.net/?q'],
    ['/t/1/a', 'http://example.net/a'],
  ])('%s is %s for it', async (path, url) => {
    expect(await say(app, path, { method: 'PUT', headers: { 'x-a': '1' } })).toBe(
      `200 PUT ${url} 1`,
    );
  });

  test('a route of the router goes first', async () => {
    expect(await say(app, '/app/own')).toBe('200 own');
    expect(await say(app, '/application')).toBe('404 Not Found');
  });

  test('with a fetch method gets the context among its bindings', async () => {
    const app = router().mount('/f', {
      fetch: (_request, env, execution) => {
        execution.waitUntil(Promise.resolve());
        return new HttpResponse(`${env.hawser.version} ${env.hawser.peer.kind}`);
      },
    });
    expect(await say(app, '/f')).toMatch(/^200 1\.1 \w+$/);
  });

  test('reads the body', async () => {
    const echo = router().mount('/e', async (request) => new HttpResponse(await request.text()));
    expect(await say(echo, '/e', { method: 'POST', body: 'hello' })).toBe('200 hello');
  });

  test('is everything at "/"', async () => {
    expect(await say(router().mount('/', show), '/a')).toBe('200 GET http://example.net/a null');
  });
});

describe('hosts', () => {
  const app = router()
    .get('/', text('other'))
    .host('api.example.net', router().get('/', text('api')))
    .host('*.example.net', router().get('/', text('any')))
    .host(
      ':tenant.example.net',
      router<{ tenant: string }>().get('/:x?', ({ params }) => HttpResponse.json(params)),
    )
    .host('[::1]', text('loopback'));

  test.each([
    ['http://api.example.net/', '200 api'],
    ['http://API.Example.NET./', '200 api'],
    ['http://api.example.net:8080/', '200 api'],
    ['http://acme.example.net/', '200 {"tenant":"acme"}'],
    ['http://acme.example.net/y', '200 {"x":"y","tenant":"acme"}'],
    ['http://a.b.example.net/', '200 any'],
    ['http://example.net/', '200 other'],
    ['http://example.org/', '200 other'],
    ['http://[::1]:80/x', '200 loopback'],
    ['http://.example.net/', '200 other'],
    ['http://a..example.net/', '200 other'],
    ['http://example.net.evil.org/', '200 other'],
    ['http://api.example.net@evil.org/', '200 other'],
    ['http://api.example.net/missing', '404 Not Found'],
  ])('%s', async (url, answer) => {
    expect(await say(app, url)).toBe(answer);
  });

  test('middleware of the router is around them', async () => {
    const stamped = router()
      .use(async (_request, next) => {
        const response = await next();
        response.headers.set('x-stamp', '1');
        return response;
      })
      .host('api.example.net', router().get('/', text('')));
    expect((await ask(stamped, 'http://api.example.net/')).headers.get('x-stamp')).toBe('1');
  });

  test.each(['', 'a..b', 'a.*.b', '*', 'a b', 'example.net:80', ':a.:a.net', 'exa/mple'])(
    '%j is no pattern of hosts',
    (host) => {
      expect(() => router().host(host, router())).toThrow(
        expect.objectContaining({ code: 'HAWSER_HTTP_BAD_ROUTE' }),
      );
    },
  );

  test('the same host twice, and hosts inside, are refused', () => {
    expect(() => router().host(':a.net', router()).host(':b.net', router())).toThrow('already');
    const withHost = router().host('a.net', router());
    expect(() => router().mount('/', withHost)).toThrow('hosts');
    expect(() => router().host('b.net', withHost)).toThrow('hosts');
    const inner = router();
    router().mount('/', inner);
    expect(() => inner.host('a.net', router())).toThrow('inside');
  });
});
