import { describe, expect, expectTypeOf, test } from 'vitest';
import { csrf } from '../../src/middleware/csrf.ts';
import { requireBasicAuth } from '../../src/middleware/require-basic-auth.ts';
import { requireBearerAuth } from '../../src/middleware/require-bearer-auth.ts';
import { router } from '../../src/routing/router.ts';
import { HttpResponse } from '../../src/web/http-response.ts';
import { ask } from '../routing/ask.ts';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

async function say(app: Parameters<typeof ask>[0], authorization?: string) {
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  const response = await ask(app, '/', { headers });
  return [response.status, response.headers.get('www-authenticate') ?? (await response.text())];
}

describe('basic authentication', () => {
  const app = router()
    .use(requireBasicAuth({ realm: 'A "B" \\', users: { ada: 'sécret:1' } }))
    .get('/', ({ user }) => {
      expectTypeOf(user).toEqualTypeOf<string>();
      return new HttpResponse(user);
    });
  const challenge = [401, 'Basic realm="A \\"B\\" \\\\", charset="UTF-8"'];

  test('lets in who has the password', async () => {
    expect(await say(app, basic('ada:sécret:1'))).toEqual([200, 'ada']);
    expect(await say(app, basic('ada:sécret:1').replace('Basic', 'bASIC'))).toEqual([200, 'ada']);
  });

  test.each([
    undefined,
    basic('ada:wrong'),
    basic('ada:'),
    basic('eve:sécret:1'),
    basic('eve:'),
    basic('__proto__:'),
    basic('ada'),
    basic('ada:sécret:1\n'),
    `Basic ${Buffer.from('ada:s\xe9cret:1', 'latin1').toString('base64')}`,
    'Basic !!!!',
    'Basic',
    'Basic ',
    'Bearer abc',
    `Basi${basic('ada:sécret:1')}`,
  ])('asks %s again', async (authorization) => {
    expect(await say(app, authorization)).toEqual(challenge);
  });

  test('asks a function, also one that takes its time', async () => {
    for (const late of [false, true]) {
      const verify = (name: string, password: string) => {
        const user = name === password ? { id: name } : undefined;
        return late ? Promise.resolve(user) : user;
      };
      const own = router()
        .use(requireBasicAuth({ verify }))
        .get('/', ({ user }) => {
          expectTypeOf(user).toEqualTypeOf<{ id: string }>();
          return new HttpResponse(user.id);
        });
      expect(await say(own, basic('x:x'))).toEqual([200, 'x']);
      expect(await say(own, basic('x:y'))).toEqual([401, expect.stringContaining('"Restricted"')]);
    }
  });

  test.each(['', undefined as unknown as string])('nobody may have the password %j', (ada) => {
    expect(() => requireBasicAuth({ users: { ada } })).toThrow(RangeError);
  });

  test.each(['a\r\nb', 'é'])('cannot have the realm %j', (realm) => {
    expect(() => requireBasicAuth({ realm, users: {} })).toThrow(RangeError);
  });
});

describe('bearer authentication', () => {
  const app = router()
    .use(requireBearerAuth({ realm: 'api', tokens: { ci: 'abc-1=', ops: 'x/y' } }))
    .get('/', ({ user }) => new HttpResponse(user));

  test('lets in who has a token', async () => {
    expect(await say(app, 'Bearer abc-1=')).toEqual([200, 'ci']);
    expect(await say(app, 'bearer x/y')).toEqual([200, 'ops']);
  });

  test.each([
    [undefined, 401, 'Bearer realm="api"'],
    ['Basic abc', 401, 'Bearer realm="api"'],
    ['Bearer a b', 400, 'Bearer realm="api", error="invalid_request"'],
    ['Bearer abc-2=', 401, 'Bearer realm="api", error="invalid_token"'],
    ['Bearer abc-1', 401, 'Bearer realm="api", error="invalid_token"'],
  ])('asks %s again', async (authorization, status, challenge) => {
    expect(await say(app, authorization)).toEqual([status, challenge]);
  });

  test.each(['x y', '', undefined as unknown as string])('the token %j is a mistake', (a) => {
    expect(() => requireBearerAuth({ tokens: { a } })).toThrow(RangeError);
  });
});

describe('requests that other sites cause', () => {
  const app = router()
    .use(csrf({ origins: ['https://app.example'] }))
    .all('/', () => new HttpResponse(''));

  test.each([
    ['POST', {}, 200],
    ['POST', { 'sec-fetch-site': 'same-origin', origin: 'http://example.net' }, 200],
    ['POST', { 'sec-fetch-site': 'none' }, 200],
    ['POST', { 'sec-fetch-site': 'same-site' }, 403],
    ['POST', { 'sec-fetch-site': 'cross-site' }, 403],
    ['POST', { 'sec-fetch-site': 'cross-site', origin: 'https://app.example' }, 200],
    ['POST', { 'sec-fetch-site': 'cross-site', origin: 'http://example.net' }, 403],
    ['POST', { origin: 'http://example.net' }, 200],
    ['POST', { origin: 'https://example.net' }, 200],
    ['POST', { origin: 'http://example.net:8080' }, 403],
    ['POST', { origin: 'http://example.net.evil.org' }, 403],
    ['POST', { origin: 'null' }, 403],
    ['POST', { origin: '' }, 403],
    ['DELETE', { 'sec-fetch-site': 'cross-site' }, 403],
    ['GET', { 'sec-fetch-site': 'cross-site' }, 200],
    ['GET', { 'sec-fetch-site': 'cross-site', upgrade: 'websocket' }, 200],
    ['OPTIONS', { origin: 'https://evil.example' }, 200],
  ] as const)('%s with %j is answered with %i', async (method, headers, status) => {
    expect((await ask(app, '/', { method, headers })).status).toBe(status);
  });

  test.each(['https://app.example/', 'app.example', ''])('may not come from %j', (origin) => {
    expect(() => csrf({ origins: [origin] })).toThrow(RangeError);
  });
});
