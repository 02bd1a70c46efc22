import { createTestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import type { HttpContext } from '../../src/contract/http-handler.ts';
import { type HttpAccessLogOptions, httpAccessLog } from '../../src/delivery/http-access-log.ts';
import { requestId, requestIdOf } from '../../src/delivery/request-id.ts';
import { HttpError } from '../../src/http-error.ts';
import { HttpResponse } from '../../src/web/http-response.ts';
import { get, makeContext } from '../static/site.ts';

function setUp(options: HttpAccessLogOptions = {}, given: Partial<HttpContext> = {}) {
  const reactor = createTestReactor();
  const lines: string[] = [];
  let leave = (): void => undefined;
  const done = new Promise<void>((resolve) => {
    leave = resolve;
  });
  const context = makeContext(reactor, { done, sentBytes: 1234, ...given });
  const log = httpAccessLog((line) => void lines.push(line), options);
  return { reactor, lines, context, log, leave: () => leave() };
}

async function lineOf(
  request: Request,
  options: HttpAccessLogOptions = {},
  given: Partial<HttpContext> = {},
): Promise<string> {
  const { log, lines, context, leave } = setUp(options, given);
  void log(request, () => HttpResponse.text('hello'), context);
  leave();
  await context.done;
  return lines.join('\n');
}

test('a line is written when the answer has left, with all that was until then', async () => {
  const { log, lines, context, leave, reactor } = setUp({ format: 'json' });
  const response = HttpResponse.text('hello', { status: 201 });
  const headers = { host: 'example.net', 'user-agent': 'test/1', referer: 'http://a/' };
  expect(log(get('/path?a=b', headers), () => response, context)).toBe(response);
  await reactor.clock.elapse(1500);
  expect(lines).toEqual([]);
  leave();
  await context.done;
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    time: '2026-01-01T00:00:00.000Z',
    durationMs: 1500,
    client: '192.0.2.1',
    method: 'GET',
    target: '/path?a=b',
    version: '1.1',
    host: 'example.net',
    status: 201,
    bytes: 1234,
    complete: true,
    referer: 'http://a/',
    userAgent: 'test/1',
  });
});

test('the Combined Log Format is what tools read', async () => {
  const headers = { 'user-agent': 'test/1', referer: 'http://a/' };
  expect(await lineOf(get('/path', headers))).toBe(
    '192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "GET /path HTTP/1.1" 200 1234 "http://a/" "test/1"',
  );
  const peer = { kind: 'unix', path: '' } as const;
  expect(await lineOf(get('/'), { user: () => 'a user "x"' }, { sentBytes: 0, peer })).toBe(
    '- - a\\x20user\\x20\\x22x\\x22 [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 - "-" "-"',
  );
});

describe('what a peer sends cannot forge a line', () => {
  const nasty = (field: string, value: string): Request => {
    const request = get('/');
    const headers = { get: (name: string) => (name === field ? value : null) };
    return Object.assign(request, { headers });
  };
  test.each([
    ['x" 200 0 "-', 'x\\x22 200 0 \\x22-'],
    ['a\r\n1.2.3.4 - -', 'a\\x0d\\x0a1.2.3.4 - -'],
    ['\u001b[31mred', '\\x1b[31mred'],
    ['back\\slash', 'back\\x5cslash'],
    ['ü\u2028\u0000', '\\xc3\\xbc\\xe2\\x80\\xa8\\x00'],
  ])('%j', async (value, written) => {
    for (const field of ['user-agent', 'referer']) {
      const line = await lineOf(nasty(field, value));
      expect(line).toContain(`"${written}"`);
      expect(line).not.toMatch(/[^\x20-\x7e]/);
      const json = await lineOf(nasty(field, value), { format: 'json' });
      expect(json).not.toMatch(/[^\x20-\x7e]/);
      expect(Object.values(JSON.parse(json))).toContain(value);
    }
  });

  test('and not make it endless', async () => {
    const long = 'x'.repeat(100_000);
    expect((await lineOf(nasty('user-agent', long))).length).toBeLessThan(3000);
    expect((await lineOf(nasty('user-agent', long), { format: 'json' })).length).toBeLessThan(3000);
  });
});

test.each<[query: HttpAccessLogOptions['query'], target: string, written: string]>([
  [undefined, '/?a=1&token=abc&b=2', '/?a=1&token=***&b=2'],
  [undefined, '/?TOKEN=abc&Access_Token=d', '/?TOKEN=***&Access_Token=***'],
  [undefined, '/?%74oken=abc&+token=d', '/?%74oken=***&+token=***'],
  [undefined, '/?token&a', '/?token&a'],
  [undefined, '/?password=a=b&%zz=1', '/?password=***&%zz=1'],
  ['keep', '/?token=abc', '/?token=abc'],
  ['drop', '/?token=abc', '/'],
  ['drop', '/', '/'],
])('a query %s: %s is %s', async (query, target, written) => {
  const format = (record: { target: string }) => record.target;
  expect(await lineOf(get(target), { query, format })).toBe(written);
});

test('what the handler throws is logged as what the peer gets, and thrown on', async () => {
  for (const [error, status] of [
    [new HttpError(404, 'no'), 404],
    [new Error('mistake'), 500],
  ] as const) {
    for (const asynchronous of [false, true]) {
      const { log, lines, context, leave } = setUp({ format: (record) => String(record.status) });
      const answer = async () =>
        log(
          get('/'),
          () => {
            if (asynchronous) return Promise.reject(error);
            throw error;
          },
          context,
        );
      await expect(answer()).rejects.toBe(error);
      leave();
      await context.done;
      expect(lines).toEqual([String(status)]);
    }
  }
});

test('some can be left out, and who has left is told apart', async () => {
  expect(await lineOf(get('/'), { when: ({ target }) => target !== '/' })).toBe('');
  const line = await lineOf(get('/'), { format: 'json' }, { signal: AbortSignal.abort() });
  expect(JSON.parse(line)).toMatchObject({ complete: false });
});

test('a log that is out of order changes no answer and is reported', async () => {
  const { context, leave, reactor } = setUp();
  const log = httpAccessLog(() => {
    throw new Error('disk full');
  });
  expect((await log(get('/'), () => new Response('x'), context)).status).toBe(200);
  leave();
  await context.done;
  expect(reactor.reports.problems).toHaveLength(1);
});

describe('the id of a request', () => {
  const ids = (headers: Record<string, string>, trusted: string[] = []) => {
    const context = makeContext();
    let inside: string | undefined;
    const handler = (): Response => {
      inside = requestIdOf(context);
      return HttpResponse.text('x');
    };
    const answer = requestId({ trusted })(get('/', headers), handler, context);
    if (answer instanceof Promise) throw new Error('a promise for nothing');
    expect(answer.headers.get('x-request-id')).toBe(inside);
    return inside;
  };
  test('is new for each, and cannot be chosen by a stranger', () => {
    expect(ids({})).toMatch(/^[\w-]{22}$/);
    expect(ids({ 'x-request-id': 'mine' })).toMatch(/^[\w-]{22}$/);
  });
  test('is that of a trusted peer if it is in order', () => {
    const trusted = ['192.0.2.0/24'];
    expect(ids({ 'x-request-id': 'abc-123' }, trusted)).toBe('abc-123');
    for (const wrong of ['', 'a b', 'a"', 'x'.repeat(129), '<script>']) {
      expect(ids({ 'x-request-id': wrong }, trusted)).toMatch(/^[\w-]{22}$/);
    }
  });
  test('has the name it is told, and is in the log', async () => {
    const { log, lines, context, leave } = setUp({ format: 'json' });
    const inner = requestId({ header: 'Trace', generate: () => 'seven' });
    const answer = await log(
      get('/'),
      () => inner(get('/'), () => HttpResponse.text('x'), context),
      context,
    );
    expect(answer.headers.get('trace')).toBe('seven');
    leave();
    await context.done;
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ requestId: 'seven' });
    expect(() => requestId({ header: 'a b' })).toThrow(TypeError);
    expect(() => requestId({ trusted: ['x'] })).toThrow(RangeError);
  });
});
