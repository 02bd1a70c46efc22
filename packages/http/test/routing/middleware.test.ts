import { fail } from '@hawser/core';
import { describe, expect, test, vi } from 'vitest';
import { HttpError } from '../../src/http-error.ts';
import type { Middleware } from '../../src/routing/middleware.ts';
import { requestState } from '../../src/routing/request-state.ts';
import { router } from '../../src/routing/router.ts';
import { HttpResponse } from '../../src/web/http-response.ts';
import { ask } from './ask.ts';

const text = (body: string) => () => new HttpResponse(body);

function noting(notes: string[], name: string): Middleware {
  return (_request, next) => {
    notes.push(`${name} in`);
    const answer = next();
    notes.push(`${name} out`);
    return answer;
  };
}

describe('middleware', () => {
  test('first is outermost: of the router around, of the router, of the route', () => {
    const notes: string[] = [];
    const inner = router()
      .get('/', noting(notes, 'route 1'), noting(notes, 'route 2'), () => {
        notes.push('handler');
        return new HttpResponse('');
      })
      .use(noting(notes, 'inner'));
    void ask(router().use(noting(notes, 'outer')).mount('/a', inner), '/a');
    const names = ['outer', 'inner', 'route 1', 'route 2'];
    expect(notes).toEqual([
      ...names.map((name) => `${name} in`),
      'handler',
      ...names.toReversed().map((name) => `${name} out`),
    ]);
  });

  test('what is there now is not made a promise', () => {
    const app = router()
      .use((_request, next) => next())
      .onError(Error, text('failed'))
      .get('/', (_request, next) => next(), text('now'))
      .get('/fails', () => {
        throw new Error('now');
      });
    expect(ask(app, '/')).toBeInstanceOf(HttpResponse);
    expect(ask(app, '/fails')).toBeInstanceOf(HttpResponse);
    expect(ask(app, '/missing')).toBeInstanceOf(HttpResponse);
    expect(ask(app, '/', { method: 'PUT' })).toBeInstanceOf(HttpResponse);
  });

  test('going on twice is a mistake', async () => {
    const app = router().get(
      '/',
      async (_request, next) => {
        await next();
        return next();
      },
      text(''),
    );
    await expect(ask(app, '/')).rejects.toMatchObject({
      name: 'UsageError',
      code: 'HAWSER_HTTP_NEXT_TWICE',
    });
  });

  test('may be slow to look at what failed behind it, or never look', async () => {
    const failing = () => Promise.reject(new Error('handler'));
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    const slow: Middleware = async (_request, next) => {
      const answer = next();
      await turn();
      return answer;
    };
    const careless: Middleware = async (_request, next) => {
      void next();
      await turn();
      return new HttpResponse('own');
    };
    const app = router().get('/slow', slow, failing).get('/careless', careless, failing);
    await expect(ask(app, '/slow')).rejects.toThrow('handler');
    expect(await (await ask(app, '/careless')).text()).toBe('own');
  });

  test('answers instead of the handler', async () => {
    const handler = vi.fn<() => HttpResponse>(text('secret'));
    const app = router()
      .use(() => new HttpResponse(null, { status: 401 }))
      .get('/', handler);
    expect((await ask(app, '/')).status).toBe(401);
    expect(handler).not.toHaveBeenCalled();
  });

  test('sees what is not found and what is not allowed', async () => {
    const seen: number[] = [];
    const app = router()
      .use(async (_request, next) => {
        const response = await next();
        seen.push(response.status);
        return response;
      })
      .get('/', text(''));
    await ask(app, '/missing');
    await ask(app, '/', { method: 'POST' });
    await ask(app, '/%');
    expect(seen).toEqual([404, 405, 400]);
  });

  test('replaces the request: parameters, query and state go along', async () => {
    const user = requestState<string>('user');
    const app = router().get(
      '/:id',
      (request, next) => {
        user.set(request, 'ada');
        return next(new Request('http://other.example/', { headers: { 'x-new': '1' } }));
      },
      (request) =>
        HttpResponse.json([
          request.params.id,
          request.query.get('q') ?? null,
          user.get(request) ?? null,
          request.headers.get('x-new'),
        ]),
    );
    expect(await (await ask(app, '/7?q=x')).json()).toEqual(['7', 'x', 'ada', '1']);
  });
});

describe('state of a request', () => {
  test('belongs to one request and one maker', () => {
    const one = requestState<number>('n');
    const other = requestState<number>('n');
    const request = new Request('http://example.net/');
    one.set(request, 1);
    expect(one.get(request)).toBe(1);
    expect(other.get(request)).toBeUndefined();
    expect(one.get(new Request('http://example.net/'))).toBeUndefined();
  });

  test('that must be there and is not is a mistake', () => {
    expect(() => requestState('user').require(new Request('http://example.net/'))).toThrow(
      'Cannot read "user" as nothing attached it to the request',
    );
  });
});

class Missing extends Error {}
class MissingHost extends Missing {}

describe('errors', () => {
  const failing = (error: unknown) => () => {
    throw error;
  };

  test('go to the most specific class, whatever the order', async () => {
    const app = router()
      .onError(Error, text('error'))
      .onError(Missing, text('missing'))
      .onError(MissingHost, (error) => new HttpResponse(`host ${error.message}`))
      .get('/host', failing(new MissingHost('mail')))
      .get('/missing', failing(new Missing()))
      .get('/type', failing(new TypeError()));
    expect(await (await ask(app, '/host')).text()).toBe('host mail');
    expect(await (await ask(app, '/missing')).text()).toBe('missing');
    expect(await (await ask(app, '/type')).text()).toBe('error');
  });

  test.each(['thrown', 'rejected'])('go to the nearest router when %s', async (how) => {
    const fail = (error: Error) =>
      how === 'thrown' ? failing(error) : () => Promise.reject<Response>(error);
    const inner = router()
      .onError(Missing, text('inner'))
      .get('/a', fail(new Missing()))
      .get('/b', fail(new Error('other')));
    const app = router()
      .onError(MissingHost, text('never'))
      .onError(Error, text('outer'))
      .mount('/in', inner);
    expect(await (await ask(app, '/in/a')).text()).toBe('inner');
    expect(await (await ask(app, '/in/b')).text()).toBe('outer');
  });

  test('of a handler of errors go to the router around, once', async () => {
    const outer = vi.fn<(error: Error) => HttpResponse>((error) => new HttpResponse(error.message));
    const inner = router()
      .use((_request, next) => next())
      .onError(Error, () => {
        throw new Error('second');
      })
      .get('/', failing(new Error('first')));
    const app = router().onError(Error, outer).mount('/in', inner);
    expect(await (await ask(app, '/in')).text()).toBe('second');
    expect(outer).toHaveBeenCalledTimes(1);
  });

  test('of the outermost handler of errors are not given to it again', () => {
    const handler = vi.fn<() => never>(() => {
      throw new Error('second');
    });
    const app = router()
      .use((_request, next) => next())
      .use((request, next) => next(new Request(request)))
      .onError(Error, handler)
      .get('/', failing(new Error('first')));
    expect(() => ask(app, '/')).toThrow('second');
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test('are answers for the middleware around', async () => {
    const app = router()
      .use(async (_request, next) => {
        const response = await next();
        response.headers.set('x-seen', String(response.status));
        return response;
      })
      .get(
        '/',
        failing(new HttpError(404, 'hidden', { body: 'No host', headers: { 'x-a': '1' } })),
      );
    const response = await ask(app, '/');
    expect(Object.fromEntries(response.headers)).toMatchObject({ 'x-seen': '404', 'x-a': '1' });
    expect(await response.text()).toBe('No host');
  });

  test('of answers that come later are caught on their way too', async () => {
    const app = router()
      .onError(Missing, text('caught'))
      .get('/', () => fail(new Missing()) as unknown as Promise<Response>);
    expect(await (await ask(app, '/')).text()).toBe('caught');
  });

  test('nobody answers go to the server', () => {
    const app = router()
      .onError(Missing, text(''))
      .use((_request, next) => next())
      .get('/', failing(new TypeError('mine')))
      .get('/500', failing(new HttpError(503, 'down')))
      .get('/text', failing('text'));
    expect(() => ask(app, '/')).toThrow(new TypeError('mine'));
    expect(() => ask(app, '/500')).toThrow('down');
    expect(() => ask(app, '/text')).toThrow('text');
  });

  test('for every HttpError answers what the router refuses, others do not', async () => {
    const told = (name: string) => (error: HttpError) =>
      HttpResponse.json([name, error.status, error.headers], { status: error.status });
    const inner = router().get('/', text('')).onError(HttpError, told('inner'));
    const app = router()
      .onError(HttpError, told('outer'))
      .onError(Error, text('never'))
      .get('/a', text(''))
      .mount('/in', inner);
    const at = async (path: string, method = 'GET') =>
      (await (await ask(app, path, { method })).json()) as unknown;
    expect(await at('/b')).toEqual(['outer', 404, {}]);
    expect(await at('/%zz')).toEqual(['outer', 400, {}]);
    expect(await at('/a', 'PUT')).toEqual(['outer', 405, { allow: 'GET, HEAD, OPTIONS' }]);
    expect(await at('/in/b')).toEqual(['inner', 404, {}]);

    const plain = router().onError(Error, text('never')).get('/a', text(''));
    expect(await (await ask(plain, '/b')).text()).toBe('Not Found');
    const own = router().onError(HttpError, told('never')).notFound(text('own'));
    expect(await (await ask(own, '/b')).text()).toBe('own');
  });

  test('a second handler of a class is refused', () => {
    const app = router().onError(Missing, text(''));
    expect(() => app.onError(Missing, text(''))).toThrow('"Missing"');
  });
});
