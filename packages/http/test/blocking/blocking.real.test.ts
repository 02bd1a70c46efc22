import { AsyncLocalStorage } from 'node:async_hooks';
import { ConnectionError, UsageError } from '@hawser/core';
import { createTestReactor, type TestReactor } from '@hawser/core/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type BlockingOptions,
  type BlockingService,
  blocking,
} from '../../src/blocking/blocking.ts';
import type { HttpContext, HttpHandler } from '../../src/contract/http-handler.ts';
import { HttpError } from '../../src/http-error.ts';

// Real threads, whose limits of time are on the clock of the test.

const handlers = new URL('./modules/handlers.ts', import.meta.url);
let reactor: TestReactor;
const open: BlockingService[] = [];

beforeEach(() => {
  reactor = createTestReactor();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.stop()));
  if (reactor.clock.timers > 0) throw new Error('A timer was left behind');
});

function serving(name: string, options: BlockingOptions = {}): BlockingService {
  const service = blocking(handlers, { name, workers: 1, ...options });
  open.push(service);
  return service;
}

/** Two threads for all tests that need none of their own: to begin one takes long. */
const threadCalls: Record<string, (...args: never[]) => unknown> = {};
const shared = {
  whole: blocking(handlers, { name: 'any', workers: 1, calls: threadCalls }),
  streamed: blocking(handlers, { name: 'any', workers: 1, calls: threadCalls, body: 'streamed' }),
};

beforeAll(async () => {
  const own = createTestReactor();
  await Promise.all([shared.whole.start(own), shared.streamed.start(own)]);
});

afterAll(() => Promise.all([shared.whole.stop(), shared.streamed.stop()]));

function sharing(
  name: string,
  { body = 'whole', calls = {} }: Pick<BlockingOptions, 'body' | 'calls'> = {},
): HttpHandler {
  for (const each of Object.keys(threadCalls)) delete threadCalls[each];
  Object.assign(threadCalls, calls);
  return (request, context) => {
    request.headers.set('x-run', name);
    return shared[body](request, context);
  };
}

function ask(
  service: HttpHandler,
  {
    path = '/',
    signal = new AbortController().signal,
    ...init
  }: RequestInit & { path?: string } = {},
): Promise<Response> {
  const request = new Request(`http://app.test${path}`, init);
  return Promise.resolve(service(request, { reactor, signal } as unknown as HttpContext));
}

/** Who has begun at 0; how they go on at 1. */
function newGate(): { gate: Int32Array; calls: NonNullable<BlockingOptions['calls']> } {
  const gate = new Int32Array(new SharedArrayBuffer(16));
  return { gate, calls: { gate: () => gate } };
}

async function until(gate: Int32Array, index: number, value: number): Promise<void> {
  await vi.waitFor(() => expect(Atomics.load(gate, index)).toBe(value), 10_000);
}

function openGate(gate: Int32Array): void {
  Atomics.store(gate, 1, 1);
  Atomics.notify(gate, 1);
}

describe('an answer', () => {
  test('is made of the whole request', async () => {
    const request = { method: 'POST', body: 'data', headers: { 'user-agent': 'test' } };
    const answer = await ask(sharing('default'), { path: '/a?b=c', ...request });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('x-many')).toBe('a, b');
    expect(await answer.json()).toEqual({
      method: 'POST',
      url: 'http://app.test/a?b=c',
      agent: 'test',
      params: {},
      body: 'data',
    });
  });

  test('knows the parameters of the route', async () => {
    const request = Object.assign(new Request('http://app.test/'), { params: { name: 'www' } });
    const signal = new AbortController().signal;
    const answer = await sharing('default')(request, { reactor, signal } as never);
    expect(await answer.json()).toMatchObject({ params: { name: 'www' } });
  });

  test('may come from a plain JavaScript module, named by its path', async () => {
    const service = blocking(new URL('./modules/plain.js', import.meta.url).pathname);
    open.push(service);
    expect(await (await ask(service)).text()).toBe('plain GET');
  });

  test('may be nothing', async () => {
    const answer = await ask(sharing('nothing'));
    expect([answer.status, await answer.text()]).toEqual([204, '']);
  });

  test('may be the same memory again and again', async () => {
    const service = sharing('constant');
    const [first, second] = [await ask(service), await ask(service)];
    const text = await first.text();
    expect(text).toHaveLength(10);
    expect(await second.text()).toBe(text);
  });

  test('may be streamed by writing', async () => {
    const answer = await ask(sharing('streams'));
    expect([answer.status, answer.headers.get('content-type')]).toEqual([206, 'text/csv']);
    expect(await answer.text()).toBe('a,b\na,b\na,b\nöäü\n!\n');
  });

  test('may be pieces, made at once or later', async () => {
    const lines = (await (await ask(sharing('generated'))).text()).split('\n');
    expect([lines.length, lines[999]]).toEqual([1_001, '999']);
    expect(await (await ask(sharing('generatedLater'))).text()).toBe('0\n1\n2\n');
  });

  test('comes from a thread that keeps what its module has', async () => {
    const service = sharing('count');
    const answers: string[] = [];
    for (let i = 0; i < 3; i++) answers.push(await (await ask(service)).text());
    expect(answers).toEqual(['1', '2', '3']);
  });
});

describe('a body', () => {
  test('is given whole', async () => {
    const answer = await ask(sharing('lengths'), { method: 'POST', body: 'x'.repeat(5_000) });
    expect(await answer.text()).toBe('5000 true');
  });

  test('that is too long is refused before a thread is asked', async () => {
    const service = serving('lengths', { maxBodyBytes: 10 });
    const refused = ask(service, { method: 'POST', body: 'x'.repeat(11) });
    await expect(refused).rejects.toMatchObject({ name: 'HttpError', status: 413 });
    const streamed = ask(service, {
      method: 'POST',
      body: bodyOf(['x'.repeat(11)]),
      duplex: 'half',
    });
    await expect(streamed).rejects.toMatchObject({ name: 'HttpError', status: 413 });
  });

  test('that is streamed comes piece by piece, as it is asked for', async () => {
    const service = sharing('lengths', { body: 'streamed' });
    const pieces = ['a', 'bb', 'ccc'];
    const answer = await ask(service, { method: 'POST', body: bodyOf(pieces), duplex: 'half' });
    expect(await answer.text()).toBe('1 2 3 true');
    expect(await (await ask(service)).text()).toBe(' true');
  });

  test('may be sent back while it comes', async () => {
    const pieces = Array.from({ length: 40 }, (_, i) => String(i % 10).repeat(20_000));
    const service = serving('echo', { body: 'streamed', maxUntakenBytes: 30_000 });
    const answer = await ask(service, { method: 'POST', body: bodyOf(pieces), duplex: 'half' });
    expect(await answer.text()).toBe(pieces.join(''));
  });

  test('that is streamed is collected up to the limit', async () => {
    const service = serving('default', { body: 'streamed', maxBodyBytes: 4 });
    const fits = await ask(service, { method: 'POST', body: bodyOf(['ab', 'cd']), duplex: 'half' });
    expect(await fits.json()).toMatchObject({ body: 'abcd' });
    const over = ask(service, { method: 'POST', body: bodyOf(['ab', 'cde']), duplex: 'half' });
    await expect(over).rejects.toMatchObject({ name: 'HttpError', status: 413 });
  });

  test('that breaks off fails with what broke it', async () => {
    const left = new ConnectionError('HAWSER_CLOSED', 'Cannot read on as the peer has left');
    const body = new ReadableStream({
      pull: (controller) => controller.error(left),
    });
    const service = sharing('lengths', { body: 'streamed' });
    await expect(ask(service, { method: 'POST', body, duplex: 'half' })).rejects.toBe(left);
  });

  test('that is no JSON is the fault of the peer', async () => {
    const service = sharing('parses');
    const answer = await ask(service, { method: 'POST', body: '{"a":1}' });
    expect(await answer.json()).toEqual({ a: 1 });
    const wrong = ask(service, { method: 'POST', body: '{' });
    await expect(wrong).rejects.toMatchObject({ name: 'HttpError', status: 400 });
  });
});

describe('an error', () => {
  test('keeps its name, message, code, stack and causes', async () => {
    const error = await ask(sharing('fails')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'RangeError',
      message: 'no such row',
      code: 'E_ROW',
      stack: expect.stringContaining('handlers.ts'),
      cause: { name: 'TypeError', message: 'below', code: 'E_BELOW' },
    });
  });

  test('may be an HttpError', async () => {
    const error = await ask(sharing('refuses')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HttpError);
    expect(error).toMatchObject({ status: 410, headers: { 'x-why': 'old' }, body: 'gone\n' });
  });

  test('in the middle of a stream breaks it off behind what was written', async () => {
    const answer = await ask(sharing('failsLate'));
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    expect(String(Buffer.from((await reader.read()).value ?? []))).toBe('half');
    await expect(reader.read()).rejects.toThrow('no more');
  });

  test.each([
    ['strange', 'Cannot use number as an answer'],
    ['badHead', /header/i],
    ['badStream', /header/i],
  ])('of a handler that answers wrongly is its own: %s', async (name, message) => {
    const service = sharing(name);
    await expect(ask(service)).rejects.toThrow(message);
    await expect(ask(service)).rejects.toThrow(message);
  });

  test('is it to write an answer and to return another', async () => {
    const answer = await ask(sharing('twice'));
    await expect(answer.text()).rejects.toThrow('one was written already');
  });
});

describe('a thread', () => {
  test('that ends takes its own request with it, and is replaced after a pause', async () => {
    const service = serving('exits');
    const lost = { name: 'ConnectionError', code: 'HAWSER_THREAD_LOST' };
    await expect(ask(service)).rejects.toMatchObject(lost);
    const second = ask(service);
    const settled = vi.fn<() => void>();
    second.then(settled, settled);
    await vi.waitFor(() => expect(reactor.clock.timers).toBe(2), 10_000);
    expect(settled).not.toHaveBeenCalled();
    reactor.clock.advance(100);
    await expect(second).rejects.toMatchObject(lost);
  });

  test('that dies of an error nobody caught tells it', async () => {
    const lost = { code: 'HAWSER_THREAD_LOST', cause: { message: 'left behind' } };
    await expect(ask(serving('throwsLater'))).rejects.toMatchObject(lost);
  });

  test('that runs out of memory harms nobody else', async () => {
    const service = serving('greedy', { maxHeapMb: 32 });
    const lost = { code: 'HAWSER_THREAD_LOST', cause: { code: 'ERR_WORKER_OUT_OF_MEMORY' } };
    await expect(ask(service)).rejects.toMatchObject(lost);
  });

  test('has one request at a time, and others do not wait for it', async () => {
    const { gate, calls } = newGate();
    const service = serving('gated', { calls, workers: 2 });
    const asked = [ask(service), ask(service), ask(service)];
    await until(gate, 0, 2);
    openGate(gate);
    const texts = await Promise.all(asked.map(async (each) => (await each).text()));
    expect(texts).toEqual(['through', 'through', 'through']);
  });

  test('may call the reactor, and waits for its answer', async () => {
    const service = sharing('calls', {
      calls: {
        add: async (a: number, b: number) => a + b,
        fail: () => Promise.reject(Object.assign(new TypeError('no'), { code: 'E_NO' })),
        unclonable: () => () => 1,
      },
    });
    const { sum, errors } = (await (await ask(service)).json()) as Record<string, unknown>;
    expect(sum).toBe(5);
    expect(errors).toEqual([
      'TypeError E_NO no',
      expect.stringMatching(/^TypeError HAWSER_THREAD_JOB .*"missing"/),
      expect.stringMatching(/^TypeError HAWSER_THREAD_JOB .*"toString"/),
      expect.stringMatching(/^DataCloneError /),
    ]);
  });

  test('may call between two pieces of the body', async () => {
    const service = sharing('mixed', {
      body: 'streamed',
      calls: { add: (a: number, b: number) => a + b },
    });
    const body = bodyOf(['one', 'two']);
    const answer = await ask(service, { method: 'POST', body, duplex: 'half' });
    expect(await answer.text()).toBe('one 2 two undefined');
  });

  test('calls on behalf of its request', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const calls = { add: () => seen.push(storage.getStore()) };
    const service = sharing('mixed', { calls });
    await storage.run('this one', () => ask(service, { method: 'POST', body: 'x' }));
    expect(seen).toEqual(['this one']);
  });
});

describe('a stream that nobody takes', () => {
  test('stops the thread at the limit, and goes on when it is taken', async () => {
    const { gate, calls } = newGate();
    const service = serving('endless', { calls, maxUntakenBytes: 10_000 });
    const answer = await ask(service);
    await until(gate, 0, 10);
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    // One waits in the stream itself.
    for (let i = 0; i < 5; i++) await reader.read();
    await vi.waitFor(() => expect(Atomics.load(gate, 0)).toBeGreaterThanOrEqual(15), 10_000);
    expect(Atomics.load(gate, 0)).toBeLessThan(20);
    await reader.cancel();
    await until(gate, 1, 1);
    expect(reactor.reports.problems).toEqual([]);
  });
});

describe('a peer that leaves', () => {
  test('is noticed by a handler that blocks or looks', async () => {
    const { gate, calls } = newGate();
    const service = sharing('patient', { calls });
    const controller = new AbortController();
    const answer = ask(service, { signal: controller.signal });
    await until(gate, 0, 1);
    controller.abort();
    expect((await answer).status).toBe(503);
    await until(gate, 1, 1);
    // The same thread is there for the next.
    const again = new AbortController();
    const next = ask(service, { signal: again.signal });
    await until(gate, 0, 2);
    again.abort();
    await next;
    await until(gate, 1, 2);
    await vi.waitFor(() => expect(reactor.clock.timers).toBe(0), 10_000);
    expect(reactor.reports.problems).toEqual([]);
  });

  test('ends a thread that does not obey, and others are served by a new one', async () => {
    const { gate, calls } = newGate();
    const service = serving('stubborn', { calls, killAfterMs: 1_000 });
    const [first, second] = [new AbortController(), new AbortController()];
    const left = ask(service, { signal: first.signal });
    const waits = ask(service, { signal: second.signal });
    await until(gate, 0, 1);
    first.abort();
    await left;
    reactor.clock.advance(999);
    expect(Atomics.load(gate, 0)).toBe(1);
    reactor.clock.advance(1);
    await until(gate, 0, 2);
    second.abort();
    await waits;
    expect(reactor.reports.problems).toEqual([]);
  });

  test('before a thread is free is not served', async () => {
    const { gate, calls } = newGate();
    const service = serving('gated', { calls });
    const busy = ask(service);
    await until(gate, 0, 1);
    const controller = new AbortController();
    const left = ask(service, { signal: controller.signal });
    controller.abort();
    await left;
    openGate(gate);
    expect(await (await busy).text()).toBe('through');
    await service.drain?.(reactor.clock.now() + 1_000);
    expect(Atomics.load(gate, 0)).toBe(1);
  });
});

describe('a limit', () => {
  test('of time answers 504, and tells the handler', async () => {
    const { gate, calls } = newGate();
    const service = serving('patient', { calls, timeoutMs: 2_000 });
    const answer = ask(service);
    await until(gate, 0, 1);
    reactor.clock.advance(2_000);
    expect((await answer).status).toBe(504);
    await until(gate, 1, 1);
    expect(reactor.reports.problems).toMatchObject([
      { where: 'http.blocking', error: { code: 'HAWSER_TIMEOUT' } },
    ]);
    await vi.waitFor(() => expect(reactor.clock.timers).toBe(0), 10_000);
  });

  test('of those who wait answers 503 at once, of their time later', async () => {
    const { gate, calls } = newGate();
    const service = serving('gated', { calls, maxQueue: 1, queueTimeoutMs: 500 });
    const busy = ask(service);
    await until(gate, 0, 1);
    const waits = ask(service);
    await Promise.resolve();
    const refused = await ask(service, { method: 'POST', body: 'unread' });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    reactor.clock.advance(500);
    expect((await waits).status).toBe(503);
    openGate(gate);
    expect((await busy).status).toBe(200);
    expect(reactor.reports.problems).toEqual([]);
  });

  test.each(['workers', 'maxQueue', 'timeoutMs', 'maxUntakenBytes'])('must be one: %s', (name) => {
    expect(() => blocking(handlers, { [name]: -1 })).toThrow(RangeError);
    expect(() => blocking(handlers, { [name]: Number.NaN })).toThrow(RangeError);
  });
});

describe('a service', () => {
  test('loads the module at its start', async () => {
    const service = serving('count', { workers: 2 });
    expect(service.name).toBe('blocking');
    await service.start(reactor);
    expect(await (await ask(service)).text()).toBe('1');
  });

  test.each([
    ['throws', './modules/broken.ts', 'default', /no database/],
    ['ends its thread', './modules/exits-at-once.ts', 'default', /ended/],
    ['is not there', './modules/missing.ts', 'default', /missing\.ts as a handler as it cannot be/],
    [
      'has a syntax error',
      'data:text/javascript,)(',
      'default',
      /^Cannot use data:text\/javascript,\)\( as a handler as it cannot be loaded: Unexpected/,
    ],
    ['has no such function', './modules/handlers.ts', 'notAFunction', /"notAFunction"/],
  ])('does not start with a module that %s', async (_, path, name, message) => {
    const service = blocking(new URL(path, import.meta.url), { name, workers: 2 });
    open.push(service);
    const start = Promise.resolve(service.start(reactor));
    await expect(start).rejects.toThrow(UsageError);
    await expect(start).rejects.toThrow(message);
  });

  test('that was not started answers every request with what is wrong with the module', async () => {
    const service = blocking(new URL('./modules/broken.ts', import.meta.url), { workers: 1 });
    open.push(service);
    const wrong = { code: 'HAWSER_THREAD_JOB', cause: { code: 'E_DATABASE' } };
    await expect(ask(service)).rejects.toMatchObject(wrong);
    await expect(ask(service)).rejects.toMatchObject(wrong);
  });

  test('waits for what runs when it drains', async () => {
    const { gate, calls } = newGate();
    const service = serving('gated', { calls });
    const [first, second] = [ask(service), ask(service)];
    await until(gate, 0, 1);
    const drained = service.drain?.(reactor.clock.now() + 60_000);
    openGate(gate);
    expect(await drained).toEqual({ blocking: { finished: 2, aborted: 0 } });
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
  });

  test('ends what still runs when it stops', async () => {
    const { gate, calls } = newGate();
    const service = serving('stubborn', { calls });
    const answer = ask(service);
    await until(gate, 0, 1);
    const drained = service.drain?.(reactor.clock.now() + 1_000);
    reactor.clock.advance(1_000);
    expect(await drained).toEqual({ blocking: { finished: 0, aborted: 1 } });
    await service.stop();
    expect((await answer).status).toBe(503);
  });

  test('that stops refuses whose body comes only then, and leaves no thread', async () => {
    const service = serving('default');
    let complete: () => void = () => undefined;
    const body = new ReadableStream({
      start(controller) {
        complete = () => controller.close();
      },
    });
    expect((await ask(service)).status).toBe(201);
    const answer = ask(service, { method: 'POST', body, duplex: 'half' });
    const stopped = service.stop();
    await stopped;
    complete();
    expect((await answer).status).toBe(503);
  });

  test.each([['./handler.js'], [''], [42]])('needs an absolute URL: %j', (module) => {
    expect(() => blocking(module as string)).toThrow(UsageError);
  });
});

function bodyOf(pieces: readonly string[]): ReadableStream<Uint8Array> {
  const left = [...pieces];
  return new ReadableStream(
    {
      pull(controller) {
        const next = left.shift();
        if (next === undefined) controller.close();
        else controller.enqueue(Buffer.from(next));
      },
    },
    { highWaterMark: 0 },
  );
}
