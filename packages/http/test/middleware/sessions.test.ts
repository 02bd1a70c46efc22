import { createTestReactor, SeededRandom } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import {
  type MemorySessionStore,
  memorySessions,
  type SessionStore,
} from '../../src/middleware/session-store.ts';
import { type SessionOptions, sessions } from '../../src/middleware/sessions.ts';
import { router } from '../../src/routing/router.ts';
import { HttpResponse } from '../../src/web/http-response.ts';
import { contextFor } from '../routing/ask.ts';

interface Data {
  user: string;
  count: number;
}

/** A site with sessions and a browser with one cookie. */
function site(options: SessionOptions = {}) {
  const reactor = createTestReactor();
  const store = options.store ?? memorySessions(reactor);
  const app = router()
    .use(sessions<Data>({ store, ...options }))
    .get('/', ({ session }) => HttpResponse.json([session.get('user'), session.get('count')]))
    .post('/login/:user', ({ session, params }) => {
      session.regenerate();
      session.set('user', params.user);
      return new HttpResponse('');
    })
    .post('/count', ({ session }) => {
      session.set('count', (session.get('count') ?? 0) + 1);
      return new HttpResponse('');
    })
    .post('/forget', ({ session }) => {
      session.delete('count');
      return new HttpResponse('');
    })
    .post('/logout', ({ session }) => {
      session.destroy();
      return new HttpResponse('');
    })
    .post('/fail', ({ session }) => {
      session.set('count', 100);
      throw new Error('failed');
    });
  const context = contextFor(reactor);
  const send = async (method: string, path: string, cookie?: string) => {
    const headers: Record<string, string> = cookie === undefined ? {} : { cookie };
    const request = new Request(`https://example.net${path}`, { method, headers });
    const response = await app(request, context);
    const [line] = response.headers.getSetCookie();
    return { response, line, cookie: line?.split(';')[0], text: await response.text() };
  };
  return { app, reactor, store, context, send };
}

describe('sessions', () => {
  test('nobody uses leave nothing behind', async () => {
    const store = memorySessions(createTestReactor());
    const { send } = site({ store });
    const { line, text, response } = await send('GET', '/');
    expect([line, text, store.size]).toEqual([undefined, '[null,null]', 0]);
    expect(response.headers.get('cache-control')).toBeNull();
  });

  test('are remembered by a cookie that is safe', async () => {
    const { send } = site();
    const { line, cookie, response } = await send('POST', '/count');
    expect(line).toMatch(
      /^__Host-session=[\w-]{43}; Max-Age=86400; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    expect(response.headers.get('cache-control')).toBe('no-store');
    await send('POST', '/count', cookie);
    expect((await send('GET', '/', cookie)).text).toBe('[null,2]');
  });

  test('are there in the same turn with a store in memory', () => {
    const { app, context } = site();
    expect(app(new Request('https://example.net/'), context)).toBeInstanceOf(HttpResponse);
  });

  test('are saved only when changed, and the cookie is not sent again', async () => {
    const calls: string[] = [];
    const inner = memorySessions(createTestReactor());
    const store: SessionStore = {
      read: (id) => inner.read(id),
      create: (id, session) => {
        calls.push('create');
        return inner.create(id, session);
      },
      update: async (id, session) => {
        calls.push('update');
        return inner.update(id, session);
      },
      delete: async (id) => {
        calls.push('delete');
        return inner.delete(id);
      },
    };
    const { send } = site({ store });
    const { cookie } = await send('POST', '/count');
    expect((await send('GET', '/', cookie)).line).toBeUndefined();
    expect((await send('POST', '/count', cookie)).line).toBeUndefined();
    expect(calls).toEqual(['create', 'update']);
  });

  test('a secret that somebody made up is never taken over', async () => {
    const { send } = site();
    const fixed = `__Host-session=${'A'.repeat(43)}`;
    const { cookie } = await send('POST', '/count', fixed);
    expect(cookie).not.toBe(fixed);
    expect((await send('GET', '/', fixed)).text).toBe('[null,null]');
  });

  test('get another secret when somebody logs in, and keep their data', async () => {
    const { send } = site();
    const before = await send('POST', '/count');
    const after = await send('POST', '/login/ada', before.cookie);
    expect(after.cookie).not.toBe(before.cookie);
    expect((await send('GET', '/', after.cookie)).text).toBe('["ada",1]');
    expect((await send('GET', '/', before.cookie)).text).toBe('[null,null]');
  });

  test('end here and in the browser', async () => {
    const { send } = site();
    const { cookie } = await send('POST', '/login/ada');
    const { line } = await send('POST', '/logout', cookie);
    expect(line).toMatch(/^__Host-session=; Max-Age=0;/);
    expect((await send('GET', '/', cookie)).text).toBe('[null,null]');
    expect((await send('POST', '/logout')).line).toBeUndefined();
  });

  test('are not saved when the handler throws', async () => {
    const { send } = site();
    const { cookie } = await send('POST', '/count');
    await expect(send('POST', '/fail', cookie)).rejects.toThrow('failed');
    expect((await send('GET', '/', cookie)).text).toBe('[null,1]');
  });

  test('run out on the clock of the reactor, a fixed time after they were made', async () => {
    const { send, reactor } = site({ maxAgeMs: 10_000 });
    const { cookie } = await send('POST', '/count');
    reactor.clock.advance(6_000);
    await send('POST', '/count', cookie);
    reactor.clock.advance(3_999);
    expect((await send('GET', '/', cookie)).text).toBe('[null,2]');
    reactor.clock.advance(1);
    expect((await send('GET', '/', cookie)).text).toBe('[null,null]');
  });

  test('that roll run out after they were used last, but not for ever', async () => {
    const options = { maxAgeMs: 10_000, maxLifetimeMs: 25_000, rolling: true };
    const { send, reactor } = site(options);
    const { cookie } = await send('POST', '/count');
    reactor.clock.advance(900);
    expect((await send('GET', '/', cookie)).line).toBeUndefined();
    reactor.clock.advance(8_100);
    const again = await send('GET', '/', cookie);
    expect([again.cookie, again.line]).toEqual([cookie, expect.stringContaining('Max-Age=10;')]);
    reactor.clock.advance(9_000);
    expect((await send('GET', '/', cookie)).line).toContain('Max-Age=7;');
    reactor.clock.advance(6_999);
    expect((await send('GET', '/', cookie)).text).toBe('[null,1]');
    expect((await send('GET', '/', cookie)).line).toBeUndefined();
    reactor.clock.advance(1);
    expect((await send('GET', '/', cookie)).text).toBe('[null,null]');
  });

  test('that were destroyed meanwhile do not come back', async () => {
    const { app, context, send } = site();
    const { cookie } = await send('POST', '/login/ada');
    let answer: (response: Response) => void = () => {};
    app.post('/slow', ({ session }) => {
      session.set('count', 7);
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    const headers = { cookie: cookie ?? '' };
    const slow = app(new Request('https://example.net/slow', { method: 'POST', headers }), context);
    await send('POST', '/logout', cookie);
    answer(new HttpResponse(''));
    expect((await slow).headers.getSetCookie()).toEqual([]);
    expect((await send('GET', '/', cookie)).text).toBe('[null,null]');
  });

  test('that were destroyed meanwhile do not come back by another secret', async () => {
    const { app, context, send, store } = site();
    const { cookie } = await send('POST', '/login/ada');
    let answer: (response: Response) => void = () => {};
    app.post('/rotate', ({ session }) => {
      session.regenerate();
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    const headers = { cookie: cookie ?? '' };
    const rotate = (): Response | Promise<Response> =>
      app(new Request('https://example.net/rotate', { method: 'POST', headers }), context);
    const slow = rotate();
    const first = answer;
    const slower = rotate();
    first(new HttpResponse(''));
    expect((await slow).headers.getSetCookie()).toHaveLength(1);
    answer(new HttpResponse(''));
    expect((await slower).headers.getSetCookie()).toEqual([]);
    expect((store as MemorySessionStore).size).toBe(1);
  });

  test('that are emptied and filled again begin anew, also if another one has ended them', async () => {
    const { app, context, send } = site();
    const { cookie } = await send('POST', '/login/ada');
    let answer: (response: Response) => void = () => {};
    app.post('/switch', ({ session }) => {
      session.destroy();
      session.set('user', 'bob');
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    const headers = { cookie: cookie ?? '' };
    const slow = app(
      new Request('https://example.net/switch', { method: 'POST', headers }),
      context,
    );
    await send('POST', '/logout', cookie);
    answer(new HttpResponse(''));
    const line = (await slow).headers.getSetCookie()[0] ?? '';
    expect((await send('GET', '/', line.split(';')[0])).text).toBe('["bob",null]');
  });

  test('cannot be changed after the response', async () => {
    const { app, context } = site();
    let late: () => void = () => {};
    app.get('/late', ({ session }) => {
      late = () => session.set('count', 1);
      return new HttpResponse('');
    });
    await app(new Request('https://example.net/late'), context);
    expect(late).toThrow(expect.objectContaining({ code: 'HAWSER_HTTP_SESSION' }));
  });

  test('that hold too much are a mistake', async () => {
    const { send } = site({ maxDataLength: 20 });
    await expect(send('POST', `/login/${'x'.repeat(30)}`)).rejects.toMatchObject({
      code: 'HAWSER_HTTP_SESSION',
    });
  });

  test('in a store that was damaged begin again, and that is reported', async () => {
    const reactor = createTestReactor();
    const store = memorySessions(reactor);
    const { send, reactor: own } = site({
      store: { ...store, read: () => ({ data: '{', createdAt: 0, expiresAt: Number.MAX_VALUE }) },
    });
    expect((await send('GET', '/', `__Host-session=${'A'.repeat(43)}`)).text).toBe('[null,null]');
    expect(own.reports.problems).toHaveLength(1);
  });

  test('whose cookie cannot be are refused at once', () => {
    expect(() => sessions({ cookie: { name: '__Host-a', path: '/x' } })).toThrow('"/"');
    expect(() => sessions({ maxAgeMs: 0 })).toThrow(RangeError);
  });

  test('without HTTPS have another name', async () => {
    const { send } = site({ cookie: { secure: false } });
    expect((await send('POST', '/count')).line).toMatch(
      /^session=[\w-]{43}; Max-Age=86400; Path=\/; HttpOnly; SameSite=Lax$/,
    );
  });
});

describe('the store in memory', () => {
  const session = (expiresAt: number) => ({ data: '{}', createdAt: 0, expiresAt });

  test('drops the oldest when there are too many, and those that ran out', () => {
    const reactor = createTestReactor();
    const now = reactor.clock.epoch();
    const store = memorySessions(reactor, { maxSessions: 3 });
    for (const id of ['a', 'b', 'c']) void store.create(id, session(now + 1_000));
    expect(store.update('a', session(now + 2_000))).toBe(true);
    void store.create('d', session(now + 2_000));
    expect(store.read('b')).toBeUndefined();
    expect(store.read('a')).toBeDefined();
    reactor.clock.advance(1_500);
    void store.create('e', session(now + 3_000));
    expect(store.size).toBe(3);
    expect(store.update('c', session(now + 5_000))).toBe(false);
  });
});

test('whatever browsers do: each sees what it did, and old secrets are worth nothing', async () => {
  const random = new SeededRandom(21);
  const maxAgeMs = 10_000;
  const { send, reactor } = site({ maxAgeMs });
  const browsers = Array.from({ length: 4 }, () => ({
    cookie: undefined as string | undefined,
    user: null as string | null,
    count: null as number | null,
    madeAt: 0,
  }));
  const dead: string[] = [];
  for (let round = 0; round < 2_000; round += 1) {
    const browser = browsers[Math.floor(random.float() * 4)] as (typeof browsers)[number];
    const now = reactor.clock.epoch();
    if (browser.cookie !== undefined && now >= browser.madeAt + maxAgeMs) {
      dead.push(browser.cookie);
      Object.assign(browser, { user: null, count: null });
      // The browser forgets it too, or it does not.
      if (random.float() < 0.5) browser.cookie = undefined;
    }
    const dice = random.float();
    const path =
      dice < 0.4 ? '/count' : dice < 0.6 ? '/login/ada' : dice < 0.7 ? '/logout' : '/forget';
    const { cookie, line } = await send('POST', path, browser.cookie);
    if (path === '/count') browser.count = (browser.count ?? 0) + 1;
    if (path === '/forget') browser.count = null;
    if (path === '/login/ada') browser.user = 'ada';
    if (path === '/logout') Object.assign(browser, { user: null, count: null });
    if (line !== undefined) {
      if (browser.cookie !== undefined) dead.push(browser.cookie);
      browser.cookie = path === '/logout' ? undefined : cookie;
      browser.madeAt = now;
    }
    expect(JSON.parse((await send('GET', '/', browser.cookie)).text)).toEqual([
      browser.user,
      browser.count,
    ]);
    const old = dead[Math.floor(random.float() * dead.length)];
    const seen = old === browser.cookie ? '[null,null]' : (await send('GET', '/', old)).text;
    expect(seen).toBe('[null,null]');
    reactor.clock.advance(Math.floor(random.float() * 1_500));
  }
  expect(dead.length).toBeGreaterThan(100);
  expect(new Set(dead).size).toBeGreaterThan(100);
});
