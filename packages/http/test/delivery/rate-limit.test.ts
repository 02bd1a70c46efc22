import { createTestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import type { HttpContext } from '../../src/contract/http-handler.ts';
import { ipNetworks, normalIp } from '../../src/delivery/ip-network.ts';
import { type RateLimitOptions, rateLimit } from '../../src/delivery/rate-limit.ts';
import { MemoryRateStore, type RateLimitStore } from '../../src/delivery/rate-limit-store.ts';
import { HttpError } from '../../src/http-error.ts';
import { HttpResponse } from '../../src/web/http-response.ts';
import { get, makeContext } from '../static/site.ts';

const OK = HttpResponse.text('ok');

function limited(options: RateLimitOptions) {
  const reactor = createTestReactor();
  const middleware = rateLimit(options);
  const context = (host: string): HttpContext =>
    makeContext(reactor, { peer: { kind: 'tcp', host, port: 1, family: 4 } });
  const ask = (host = '192.0.2.1', given = context(host)): Response | HttpError => {
    try {
      const answer = middleware(get('/'), () => OK, given);
      if (answer instanceof Promise) throw new Error('a promise for nothing');
      return answer;
    } catch (error) {
      if (error instanceof HttpError) return error;
      throw error;
    }
  };
  return { reactor, middleware, ask, context };
}

function fields(answer: Response | HttpError): Record<string, string> {
  return answer instanceof HttpError ? answer.headers : Object.fromEntries(answer.headers);
}

test('as many as allowed pass at once, then 429 until one more has come back', async () => {
  const { ask, reactor } = limited({ limit: 3, windowMs: 30_000 });
  expect(fields(ask())).toMatchObject({
    ratelimit: 'limit=3, remaining=2, reset=10',
    'ratelimit-policy': '3;w=30',
  });
  expect(ask().status).toBe(200);
  expect(ask().status).toBe(200);
  const refused = ask();
  expect(refused.status).toBe(429);
  expect(fields(refused)).toEqual({
    ratelimit: 'limit=3, remaining=0, reset=30',
    'ratelimit-policy': '3;w=30',
    'retry-after': '10',
  });
  await reactor.clock.elapse(9_999);
  expect(ask().status).toBe(429);
  await reactor.clock.elapse(1);
  expect(ask().status).toBe(200);
  expect(ask().status).toBe(429);
  await reactor.clock.elapse(1_000_000);
  expect(fields(ask())).toMatchObject({ ratelimit: 'limit=3, remaining=2, reset=10' });
  expect(OK.headers.get('ratelimit')).toBeNull();
});

test('clients do not count against each other, those of one network do', () => {
  const { ask } = limited({ limit: 1 });
  expect(ask('192.0.2.1').status).toBe(200);
  expect(ask('192.0.2.2').status).toBe(200);
  expect(ask('192.0.2.1').status).toBe(429);
  expect(ask('2001:db8::1').status).toBe(200);
  expect(ask('2001:db8:0:0:ffff::2').status).toBe(429);
  expect(ask('2001:db8:0:1::1').status).toBe(200);
  const wide = limited({ limit: 1, ipv4Prefix: 24 });
  expect(wide.ask('192.0.2.1').status).toBe(200);
  expect(wide.ask('192.0.2.200').status).toBe(429);
  expect(wide.ask('192.0.3.1').status).toBe(200);
});

test('peers without an address, and keys that are none, pass', () => {
  const { ask, reactor } = limited({ limit: 1 });
  const local = makeContext(reactor, { peer: { kind: 'unix', path: '' } });
  for (let round = 0; round < 3; round++) expect(ask('', local)).toBe(OK);
  const keyed = limited({
    limit: 1,
    key: (request) => request.headers.get('authorization') ?? undefined,
  });
  for (let round = 0; round < 3; round++) expect(keyed.ask()).toBe(OK);
});

test('the table has an end, and forgets who was silent for longest', () => {
  const store = new MemoryRateStore(3);
  const { ask } = limited({ limit: 1, store });
  for (const host of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) expect(ask(host).status).toBe(200);
  expect(ask('10.0.0.1').status).toBe(429);
  expect(ask('10.0.0.4').status).toBe(200);
  expect(store.size).toBe(3);
  expect(ask('10.0.0.1').status).toBe(429);
  expect(ask('10.0.0.2').status).toBe(200);
});

describe('another store', () => {
  const refuse = { allowed: false, remaining: 0, retryAfterMs: 100, resetMs: 100 };
  test('may answer later', async () => {
    const { middleware, context } = limited({ limit: 1, store: { take: async () => refuse } });
    await expect(middleware(get('/'), () => OK, context('10.0.0.1'))).rejects.toMatchObject({
      status: 429,
      headers: { 'retry-after': '1' },
    });
  });
  test.each<[how: string, take: RateLimitStore['take']]>([
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('down'))],
  ])('that %s lets everybody pass and is reported', async (_, take) => {
    const { middleware, context, reactor } = limited({ limit: 1, store: { take } });
    expect((await middleware(get('/'), () => OK, context('10.0.0.1'))).status).toBe(200);
    expect(reactor.reports.problems).toHaveLength(1);
  });
});

test('peers are not told where that is not wanted', () => {
  const { ask } = limited({ limit: 1, headers: false });
  expect(ask()).toBe(OK);
  expect(fields(ask())).toEqual({ 'retry-after': '60' });
});

test('options that make no sense are refused', () => {
  for (const options of [
    { limit: 0 },
    { limit: 1.5 },
    { limit: 1, windowMs: 0 },
    { limit: 1, maxKeys: 0 },
    { limit: 1, ipv4Prefix: 33 },
  ]) {
    expect(() => rateLimit(options)).toThrow(RangeError);
  }
});

test('networks are named by their first bits', () => {
  expect(ipNetworks()('192.0.2.1')).toBe('192.0.2.1/32');
  expect(ipNetworks()('2001:db8:1:2:3::4')).toBe('2001:db8:1:2::/64');
  const wide = ipNetworks({ ipv4Prefix: 20, ipv6Prefix: 47 });
  expect([wide('192.0.255.1'), wide('2001:db8:3::')]).toEqual([
    '192.0.240.0/20',
    '2001:db8:2::/47',
  ]);
});

test.each<[host: string, normal: string | undefined]>([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:c000:201', '192.0.2.1'],
  ['2001:DB8::1', '2001:db8::1'],
  ['::', '::'],
  ['fe80::1%eth0', 'fe80::1'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ['256.0.0.1', undefined],
  ['010.0.0.1', undefined],
  ['1.2.3', undefined],
  ['1.2.3.4.5', undefined],
  ['1:2:3:4:5:6:7', undefined],
  ['1:2:3:4:5:6:7:8:9', undefined],
  ['1::2::3', undefined],
  ['::1.2.3.4.5', undefined],
  ['12345::', undefined],
  [':', undefined],
  [':1', undefined],
  ['', undefined],
  ['unix', undefined],
  ['localhost', undefined],
])('%j is the address %j', (host, normal) => {
  expect(normalIp(host)).toBe(normal);
  expect(ipNetworks()(host) === undefined).toBe(normal === undefined);
});

describe('where only some answers count', () => {
  function guessing(
    answer: (status: number) => Response | Promise<Response>,
    store?: RateLimitStore,
  ) {
    const reactor = createTestReactor();
    const middleware = rateLimit({ limit: 2, counts: (status) => status === 401, store });
    const peer = { kind: 'tcp', host: '192.0.2.1', port: 1, family: 4 } as const;
    const context = makeContext(reactor, { peer });
    const ask = async (status: number): Promise<number> => {
      try {
        return (await middleware(get('/'), () => answer(status), context)).status;
      } catch (error) {
        return error instanceof HttpError ? error.status : 0;
      }
    };
    return { reactor, ask };
  }

  test.each([
    ['at once', (status: number) => new HttpResponse(null, { status })],
    ['later', async (status: number) => new HttpResponse(null, { status })],
    [
      'by a throw',
      (status: number) => {
        if (status === 401) throw new HttpError(status, 'no');
        return OK;
      },
    ],
    [
      'by a rejection',
      async (status: number) => {
        if (status === 401) throw new HttpError(status, 'no');
        return OK;
      },
    ],
  ])('answers %s: the others pass as often as they like', async (_, answer) => {
    const { ask, reactor } = guessing(answer);
    for (let count = 0; count < 10; count++) expect(await ask(200)).toBe(200);
    expect([await ask(401), await ask(200), await ask(401)]).toEqual([401, 200, 401]);
    // Who has guessed too often is not let in by a good guess either.
    expect([await ask(200), await ask(401)]).toEqual([429, 429]);
    await reactor.clock.elapse(30_000);
    expect([await ask(200), await ask(401), await ask(200)]).toEqual([200, 401, 429]);
  });

  test('requests that are answered at the same time count until they are', async () => {
    const { ask } = guessing(async (status) => new HttpResponse(null, { status }));
    const all = await Promise.all(Array.from({ length: 10 }, () => ask(401)));
    expect(all.filter((status) => status === 401)).toHaveLength(2);
  });

  test('a failure that is no answer counts as 500', async () => {
    const { ask } = guessing(() => {
      throw new TypeError('broken');
    });
    for (let count = 0; count < 10; count++) expect(await ask(200)).toBe(0);
  });

  test('a store that cannot give back counts all, and one that fails to is reported', async () => {
    const counting = new MemoryRateStore();
    const takesOnly = guessing(() => OK, { take: (...all) => counting.take(...all) });
    expect([await takesOnly.ask(200), await takesOnly.ask(200), await takesOnly.ask(200)]).toEqual([
      200, 200, 429,
    ]);
    const failing = guessing(() => OK, {
      take: () => ({ allowed: true, remaining: 1, retryAfterMs: 0, resetMs: 0 }),
      giveBack: () => Promise.reject(new Error('gone')),
    });
    expect(await failing.ask(200)).toBe(200);
    await failing.reactor.clock.settle();
    expect(failing.reactor.reports.problems).toMatchObject([{ where: 'http.rateLimit' }]);
  });
});
