import { describe, expect, test } from 'vitest';
import { HttpError } from '../../src/http-error.ts';
import { type CorsOptions, cors } from '../../src/middleware/cors.ts';
import { router } from '../../src/routing/router.ts';
import { HttpResponse } from '../../src/web/http-response.ts';
import { ask } from '../routing/ask.ts';

const PAGE = 'https://page.example';

async function answer(
  options: CorsOptions | undefined,
  headers: Record<string, string>,
  init: RequestInit = {},
) {
  const app = router()
    .use(cors(options))
    .get('/', () => new HttpResponse('', { headers: { vary: 'Accept' } }))
    .get('/refused', () => {
      throw new HttpError(403, 'no');
    });
  const response = await ask(app, '/', { ...init, headers });
  const shown = [...response.headers].filter(([name]) => /^(access-control-|vary)/.test(name));
  return { status: response.status, headers: Object.fromEntries(shown) };
}

const PREFLIGHT = {
  origin: PAGE,
  'access-control-request-method': 'PUT',
  'access-control-request-headers': 'x-a, content-type',
};

describe('CORS', () => {
  test('lets every page read, without credentials, by default', async () => {
    const { headers } = await answer(undefined, { origin: PAGE });
    expect(headers).toEqual({ 'access-control-allow-origin': '*', vary: 'Accept' });
  });

  test('names the origin where only some may read, and says that it varies in any case', async () => {
    const options = { origin: [PAGE], credentials: true, exposeHeaders: ['x-a', 'x-b'] };
    expect((await answer(options, { origin: PAGE })).headers).toEqual({
      'access-control-allow-origin': PAGE,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'x-a, x-b',
      vary: 'Accept, origin',
    });
    const none = { vary: 'Accept, origin' };
    expect((await answer(options, { origin: 'https://evil.example' })).headers).toEqual(none);
    expect((await answer(options, { origin: 'null' })).headers).toEqual(none);
    expect((await answer(options, {})).headers).toEqual(none);
    expect((await answer(options, { origin: `${PAGE}.evil.example` })).headers).toEqual(none);
  });

  test('asks a function, also one that takes its time', async () => {
    const options = { origin: async (origin: string) => origin.endsWith('.example') };
    expect((await answer(options, { origin: PAGE })).headers).toMatchObject({
      'access-control-allow-origin': PAGE,
    });
    expect((await answer(options, { origin: 'https://a.test' })).headers).toEqual({
      vary: 'Accept, origin',
    });
  });

  test('answers preflights for any path', async () => {
    const options = { origin: PAGE, maxAge: 600, methods: ['GET', 'PUT'] };
    const { status, headers } = await answer(options, PREFLIGHT, { method: 'OPTIONS' });
    expect(status).toBe(204);
    expect(headers).toEqual({
      'access-control-allow-origin': PAGE,
      'access-control-allow-methods': 'GET, PUT',
      'access-control-allow-headers': 'x-a, content-type',
      'access-control-max-age': '600',
      vary: 'origin, access-control-request-method, access-control-request-headers',
    });
  });

  test('tells pages that may not read nothing, in preflights too', async () => {
    const preflight = { ...PREFLIGHT, origin: 'https://evil.example' };
    const { status, headers } = await answer({ origin: PAGE }, preflight, { method: 'OPTIONS' });
    expect([status, Object.keys(headers)]).toEqual([204, ['vary']]);
  });

  test('allows only listed fields where they are listed, and no nonsense', async () => {
    const listed = await answer({ allowHeaders: ['x-b'] }, PREFLIGHT, { method: 'OPTIONS' });
    expect(listed.headers['access-control-allow-headers']).toBe('x-b');
    for (const asked of ['x a', 'x-a;', 'x'.repeat(2_000)]) {
      const headers = { ...PREFLIGHT, 'access-control-request-headers': asked };
      const { headers: got } = await answer({}, headers, { method: 'OPTIONS' });
      expect(got).not.toHaveProperty('access-control-allow-headers');
    }
  });

  test('leaves OPTIONS that is no preflight to the router', async () => {
    const app = router()
      .use(cors())
      .get('/', () => new HttpResponse(''));
    const response = await ask(app, '/', { method: 'OPTIONS', headers: { origin: PAGE } });
    expect(response.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });

  test('lets pages read refusals', async () => {
    const app = router()
      .use(cors())
      .get('/', () => {
        throw new HttpError(403, 'no');
      });
    for (const path of ['/', '/missing']) {
      const response = await ask(app, path, { headers: { origin: PAGE } });
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
    }
  });

  test.each([
    { credentials: true },
    { origin: ['*', PAGE], credentials: true },
    { origin: `${PAGE}/` },
    { origin: 'page.example' },
    { maxAge: -1 },
  ])('%j is refused', (options) => {
    expect(() => cors(options)).toThrow(RangeError);
  });
});
