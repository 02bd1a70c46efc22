import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, expectTypeOf, test, vi } from 'vitest';
import { z } from 'zod';
import { router } from '../../src/routing/router.ts';
import { validate } from '../../src/routing/validate.ts';
import { HttpResponse } from '../../src/web/http-response.ts';
import { ask } from './ask.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

function post(
  app: Parameters<typeof ask>[0],
  body: string,
  headers: Record<string, string> = JSON_TYPE,
) {
  return Promise.resolve(ask(app, '/', { method: 'POST', body, headers }));
}

/** A schema of our own, for what libraries do not do. */
function schemaOf<T>(
  check: (value: unknown) => StandardSchemaV1.Result<T> | Promise<StandardSchemaV1.Result<T>>,
): StandardSchemaV1<unknown, T> {
  return { '~standard': { version: 1, vendor: 'test', validate: check } };
}

describe.each([
  ['zod', z.object({ name: z.string(), port: z.number() })],
  ['valibot', v.object({ name: v.string(), port: v.number() })],
  ['arktype', type({ name: 'string', port: 'number' })],
])('%s', (_library, body) => {
  const app = router().post('/', validate({ body }), (request) => {
    expectTypeOf(request.body).toEqualTypeOf<{ name: string; port: number }>();
    return HttpResponse.json({ got: request.body });
  });

  test('what fits is given to the handler', async () => {
    const response = await post(app, '{"name":"a","port":1}');
    expect(await response.json()).toEqual({ got: { name: 'a', port: 1 } });
  });

  test('what does not is a problem with a place', async () => {
    const response = await post(app, '{"name":"a","port":"x"}');
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toEqual({
      title: 'Bad Request',
      status: 400,
      errors: [{ in: 'body', path: '/port', message: expect.stringMatching(/number/i) }],
    });
  });
});

describe('parts', () => {
  const app = router().get(
    '/:id',
    validate({
      params: z.object({ id: z.coerce.number() }),
      query: z.object({
        tag: z.array(z.string()).optional(),
        limit: z.coerce.number().default(10),
      }),
      headers: z.object({ 'x-tenant': z.string() }),
    }),
    ({ params, query, fields, headers }) => {
      expectTypeOf(params).toEqualTypeOf<{ id: number }>();
      expectTypeOf(query.limit).toEqualTypeOf<number>();
      expectTypeOf(fields).toEqualTypeOf<{ 'x-tenant': string }>();
      return HttpResponse.json({ params, query, fields, same: headers.get('x-tenant') });
    },
  );

  test('are what the schemas make of them, in the same turn', async () => {
    const response = ask(app, '/7?tag=a&tag=b', { headers: { 'x-tenant': 't' } });
    expect(response).toBeInstanceOf(HttpResponse);
    expect(await (await response).json()).toEqual({
      params: { id: 7 },
      query: { tag: ['a', 'b'], limit: 10 },
      fields: { 'x-tenant': 't' },
      same: 't',
    });
  });

  test('are all told of at once', async () => {
    const response = await ask(app, '/x?limit=y');
    const { errors } = (await response.json()) as { errors: { in: string; path: string }[] };
    expect(errors.map((error) => `${error.in}${error.path}`)).toEqual([
      'params/id',
      'query/limit',
      'headers/x-tenant',
    ]);
  });

  test('with too many fields are refused', async () => {
    const response = await ask(app, `/7?${'a&'.repeat(1_001)}`, { headers: { 'x-tenant': 't' } });
    expect([response.status, await response.text()]).toEqual([
      400,
      expect.stringContaining('more than 1000 fields'),
    ]);
  });
});

describe('bodies', () => {
  const echo = router().post(
    '/',
    validate({ body: schemaOf((value) => ({ value })) }),
    ({ body }) => HttpResponse.json({ body }),
  );

  test('of forms are read', async () => {
    const response = await post(echo, 'a=1&b=x+y&b=%C3%A9', {
      'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
    });
    expect(await response.json()).toEqual({ body: { a: '1', b: ['x y', 'é'] } });
  });

  test.each(['application/ld+json', 'application/json; charset="utf-8"'])(
    'of %s are JSON',
    async (type) => {
      expect(await (await post(echo, '[1]', { 'content-type': type })).json()).toEqual({
        body: [1],
      });
    },
  );

  test.each(['text/plain', 'application/json; charset=utf-16', 'x'])(
    'of %s are not taken',
    async (type) => {
      const response = await post(echo, '{}', { 'content-type': type });
      expect(response.status).toBe(415);
      expect(response.headers.get('accept')).toBe(
        'application/json, application/x-www-form-urlencoded, multipart/form-data',
      );
    },
  );

  test('that are not there are undefined', async () => {
    const response = await ask(echo, '/', { method: 'POST' });
    expect(await response.json()).toEqual({});
  });

  test.each([
    '{',
    '{"a":1}x',
    '{"__proto__":{"admin":true}}',
    '{"\\u005f_proto__":1}',
    '{"__\\u0070roto__":1}',
    '{"__prot\\u006F__":1}',
    '[{"a":{"__proto__":1}}]',
  ])('%s is a problem', async (body) => {
    const response = await post(echo, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ in: 'body', path: '' }] });
  });

  test.each([
    ['query', '/?__proto__=1&__proto__=2', {}],
    ['query', '/?%5f_proto__=1', {}],
    ['headers', '/', { headers: [['__proto__', 'x']] }],
    [
      'body',
      '/',
      {
        method: 'POST',
        body: '__proto__=1',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      },
    ],
  ])('of %s have no field "__proto__"', async (part, url, init) => {
    const app = router().all('/', validate({ [part]: z.unknown() }), () => new HttpResponse(''));
    const response = await ask(app, url, init);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ in: part }] });
  });

  test('that fail in two ways at once leave nothing behind', async () => {
    const query = schemaOf(() => {
      throw new Error('query');
    });
    const params = schemaOf(() => Promise.reject(new Error('params')));
    const app = router().get('/:id', validate({ params, query }), () => new HttpResponse(''));
    await expect((async () => ask(app, '/1'))()).rejects.toThrow('params');
  });

  test('are not read where something else does not fit', async () => {
    const app = router().post(
      '/',
      validate({ query: z.object({ q: z.string() }), body: z.unknown() }),
      () => new HttpResponse(''),
    );
    const request = new Request('http://example.net/', {
      method: 'POST',
      body: '{}',
      headers: JSON_TYPE,
    });
    const text = vi.spyOn(request, 'text');
    const response = await app(request, undefined as never);
    expect(response.status).toBe(400);
    expect(text).not.toHaveBeenCalled();
  });
});

test('schemas may take their time', async () => {
  const slow = schemaOf(async (value) => ({ value: { slow: value } }));
  const app = router().post('/:id', validate({ params: slow, body: slow }), ({ params, body }) =>
    HttpResponse.json([params, body]),
  );
  const response = await ask(app, '/7', { method: 'POST', body: '1', headers: JSON_TYPE });
  expect(await response.json()).toEqual([{ slow: { id: '7' } }, { slow: 1 }]);
});

test('a problem is bounded', async () => {
  const issues = Array.from({ length: 1_000 }, (_, at) => ({
    message: 'm'.repeat(10_000),
    path: ['k'.repeat(10_000), { key: at }],
  }));
  const app = router().get(
    '/',
    validate({ query: schemaOf(() => ({ issues })) }),
    () => new HttpResponse(''),
  );
  const body = await (await ask(app, '/')).text();
  expect(JSON.parse(body).errors).toHaveLength(20);
  expect(body.length).toBeLessThan(10_000);
});

test('a pointer escapes its characters', async () => {
  const issues = [{ message: 'no', path: ['a/b', '~', 0] }];
  const app = router().get(
    '/',
    validate({ query: schemaOf(() => ({ issues })) }),
    () => new HttpResponse(''),
  );
  expect(await (await ask(app, '/')).json()).toMatchObject({ errors: [{ path: '/a~1b/~0/0' }] });
});

test('a schema that throws is a fault of ours', () => {
  const broken = schemaOf(() => {
    throw new Error('broken');
  });
  const app = router().get('/', validate({ query: broken }), () => new HttpResponse(''));
  expect(() => ask(app, '/')).toThrow('broken');
});
