import { TimeoutError } from '@hawser/core';
import { createTestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import type { HttpContext } from '../../src/contract/http-handler.ts';
import { type HealthOptions, health } from '../../src/delivery/health.ts';
import { timeLimit } from '../../src/delivery/time-limit.ts';
import { HttpError } from '../../src/http-error.ts';
import { HttpResponse } from '../../src/web/http-response.ts';
import { get, makeContext } from '../static/site.ts';

describe('a limit of time', () => {
  test('does nothing for what answers now', () => {
    const response = new Response();
    const context = makeContext();
    const { signal } = context;
    expect(timeLimit(100)(get('/'), () => response, context)).toBe(response);
    expect(context.signal).toBe(signal);
    const error = new Error('mistake');
    expect(() =>
      timeLimit(100)(
        get('/'),
        () => {
          throw error;
        },
        context,
      ),
    ).toThrow(error);
    expect(context.signal).toBe(signal);
  });

  test('passes on what comes in time', async () => {
    const reactor = createTestReactor();
    const response = new Response();
    const context = makeContext(reactor);
    const answer = timeLimit(100)(get('/'), async () => response, context);
    expect(await answer).toBe(response);
    const error = new Error('mistake');
    await expect(timeLimit(100)(get('/'), () => Promise.reject(error), context)).rejects.toBe(
      error,
    );
    await reactor.clock.elapse(1000);
    expect(context.signal.aborted).toBe(false);
  });

  test('answers for who is too late, and aborts what it waits for', async () => {
    const reactor = createTestReactor();
    const context = makeContext(reactor);
    const request = get('/');
    const signals: AbortSignal[] = [];
    let thrown: (error: Error) => void = () => undefined;
    const answer = timeLimit(100, { status: 504 })(
      request,
      () => {
        signals.push(request.signal, context.signal);
        return new Promise((_, reject) => {
          thrown = reject;
        });
      },
      context,
    );
    const settled = Promise.resolve(answer).catch((error: unknown) => error);
    await reactor.clock.elapse(99);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
    await reactor.clock.elapse(1);
    expect(await settled).toBeInstanceOf(HttpError);
    expect(await settled).toMatchObject({ status: 504 });
    expect(signals[0]?.reason).toBeInstanceOf(TimeoutError);
    expect(signals[1]?.aborted).toBe(true);
    thrown(new Error('because of that'));
    await reactor.clock.settle();
    expect(reactor.reports.problems).toEqual([]);
  });

  test('lets go of an answer that comes too late', async () => {
    const reactor = createTestReactor();
    let ended = false;
    let late: (response: Response) => void = () => undefined;
    const answer = timeLimit(100)(
      get('/'),
      () =>
        new Promise((resolve) => {
          late = resolve;
        }),
      makeContext(reactor),
    );
    const settled = Promise.resolve(answer).catch(() => undefined);
    await reactor.clock.elapse(100);
    await settled;
    late(new HttpResponse(new ReadableStream({ cancel: () => void (ended = true) })));
    await reactor.clock.settle();
    expect(ended).toBe(true);
  });

  test('keeps telling when the peer leaves, also behind another limit', async () => {
    const reactor = createTestReactor();
    const peer = new AbortController();
    const context = makeContext(reactor, { signal: peer.signal });
    const request = get('/');
    let inner: AbortSignal | undefined;
    const nested = timeLimit(1000)(
      request,
      () =>
        timeLimit(100)(
          request,
          () => {
            inner = request.signal;
            return new Promise(() => undefined);
          },
          context,
        ),
      context,
    );
    void Promise.resolve(nested).catch(() => undefined);
    peer.abort(new Error('left'));
    expect(inner?.reason).toMatchObject({ message: 'left' });
  });

  test('must be above 0', () => {
    expect(() => timeLimit(0)).toThrow(RangeError);
  });
});

describe('health', () => {
  const setUp = (options: HealthOptions) => {
    const reactor = createTestReactor();
    const probes = health(options);
    const context = makeContext(reactor);
    const ask = async (probe: 'live' | 'ready') => {
      const response = await probes[probe](get('/'), context);
      return [response.status, await response.json()];
    };
    return { reactor, probes, context, ask };
  };

  test('is good where nothing is to be checked, and answered now', async () => {
    const { probes, context, ask } = setUp({});
    expect(probes.live(get('/'), context)).toBeInstanceOf(Response);
    expect(await ask('live')).toEqual([200, { status: 'ok' }]);
    expect(await ask('ready')).toEqual([200, { status: 'ok' }]);
  });

  test('names what does not work, and keeps why to itself', async () => {
    const { ask, reactor } = setUp({
      live: { loop: () => true },
      ready: {
        one: async () => 'fine',
        two: () => false,
        three: () => {
          throw new Error('secret');
        },
        four: () => Promise.reject(new Error('secret')),
      },
    });
    expect(await ask('live')).toEqual([200, { status: 'ok', checks: { loop: 'ok' } }]);
    const [status, body] = await ask('ready');
    expect(status).toBe(503);
    expect(body).toEqual({
      status: 'failing',
      checks: { one: 'ok', two: 'failing', three: 'failing', four: 'failing' },
    });
    expect(reactor.reports.problems).toHaveLength(2);
  });

  test('is asked by anybody, so that a check is reported once when it begins to fail', async () => {
    let down = true;
    const { ask, reactor } = setUp({
      ready: {
        database: () => {
          if (down) throw new Error('no connection');
        },
      },
    });
    for (const [works, reports] of [
      [false, 1],
      [false, 1],
      [true, 1],
      [false, 2],
      [false, 2],
    ] as const) {
      down = !works;
      expect((await ask('ready'))[0]).toBe(works ? 200 : 503);
      expect(reactor.reports.problems).toHaveLength(reports);
    }
  });

  test('does not wait for a check for ever, and aborts it', async () => {
    let signal: AbortSignal | undefined;
    const { ask, reactor } = setUp({
      timeoutMs: 50,
      ready: {
        stuck: (given) => {
          signal = given;
          return new Promise(() => undefined);
        },
      },
    });
    const answer = ask('ready');
    await reactor.clock.elapse(50);
    expect(await answer).toEqual([503, { status: 'failing', checks: { stuck: 'failing' } }]);
    expect(signal?.aborted).toBe(true);
  });

  test('is checked once for all who ask at the same time', async () => {
    let runs = 0;
    const { ask } = setUp({
      ready: {
        counted: async () => {
          runs++;
        },
      },
    });
    await Promise.all([ask('ready'), ask('ready'), ask('ready')]);
    expect(runs).toBe(1);
    await ask('ready');
    expect(runs).toBe(2);
  });

  test('is not ready any more once the process is to stop, and alive still', async () => {
    const { ask, reactor } = setUp({});
    reactor.lifecycle.requestStop();
    expect(await ask('ready')).toEqual([503, { status: 'draining' }]);
    expect(await ask('live')).toEqual([200, { status: 'ok' }]);
    expect(await setUp({ draining: () => true }).ask('ready')).toEqual([
      503,
      { status: 'draining' },
    ]);
  });

  test('is found at its paths, and everything else is left alone', async () => {
    const { probes, context } = setUp({
      draining: (given: HttpContext) => given === context,
    });
    const next = (): Response => new Response('next');
    const at = async (path: string, method = 'GET') => {
      const response = await probes.middleware(get(path, {}, method), next, context);
      return [response.status, await response.text()];
    };
    expect(await at('/healthz?x')).toEqual([200, '{"status":"ok"}']);
    expect(await at('/readyz')).toEqual([503, '{"status":"draining"}']);
    expect(await at('/healthz/x')).toEqual([200, 'next']);
    expect(await at('/healthz', 'POST')).toEqual([200, 'next']);
  });
});
