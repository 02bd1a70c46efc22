import { Readable } from 'node:stream';
import { BaseProtocol, ProtocolError } from '@hawser/core';
import { describe, expect, test } from 'vitest';
import type { HttpHandler } from '../../src/contract/http-handler.ts';
import type { HttpErrorCode } from '../../src/errors.ts';
import { HttpError } from '../../src/http-error.ts';
import { exchangeOf } from '../../src/web/http-request.ts';
import { HttpResponse } from '../../src/web/http-response.ts';
import type { ResponseBody } from '../../src/web/response-content.ts';
import { takeOver } from '../../src/web/take-over.ts';
import { webResponder } from '../../src/web/web-responder.ts';
import { FakeExchange, type FakeExchangeOptions, FakeIncoming } from './fake-exchange.ts';

/** Lets `handler` answer an exchange; what happens at once has happened. */
function answer(handler: HttpHandler, options?: FakeExchangeOptions): FakeExchange {
  const exchange = new FakeExchange(options);
  webResponder(handler)(exchange);
  return exchange;
}

async function settled(handler: HttpHandler, options?: FakeExchangeOptions): Promise<FakeExchange> {
  const exchange = answer(handler, options);
  await exchange.settle();
  return exchange;
}

const never = (): Promise<Response> => new Promise(() => undefined);

async function* pieces(
  ...all: readonly (string | Uint8Array)[]
): AsyncGenerator<string | Uint8Array> {
  for (const piece of all) yield await Promise.resolve(piece);
}

describe('a handler', () => {
  test('that does not wait is answered in the same turn, with nothing made for it', () => {
    const exchange = answer(() => new HttpResponse('hello'));
    expect(exchange.answer).toMatchObject({
      head: { status: 200 },
      fields: { 'content-type': 'text/plain;charset=UTF-8' },
      body: 'hello',
      whole: true,
    });
    expect(exchange.signalsMade).toBe(0);
    expect(exchange.listeners).toBe(0);
  });

  test('may give one response again and again', () => {
    const pong = new HttpResponse('pong');
    for (let count = 0; count < 3; count++) expect(answer(() => pong).answer?.body).toBe('pong');
  });

  test('that gives a streamed response twice is told so', async () => {
    const once = new HttpResponse(pieces('a'));
    expect((await settled(() => once)).answer).toMatchObject({ body: 'a', ended: true });
    const again = await settled(() => once);
    expect(again.answer?.head.status).toBe(500);
    expect(again.problems).toMatchObject([{ where: 'http.handler', error: expect.any(TypeError) }]);
  });

  test.each<[string, () => unknown]>([
    ['nothing', () => undefined],
    ['null', () => null],
    ['text', () => 'hello'],
    ['an object', () => ({ status: 200 })],
    [
      'a response that was read',
      () => {
        const response = new HttpResponse('x');
        void response.text();
        return response;
      },
    ],
    [
      'a standard response that was read',
      () => {
        const response = new Response('x');
        void response.text();
        return response;
      },
    ],
    ['HttpResponse.error()', () => HttpResponse.error()],
    ['Response.error()', () => Response.error()],
    [
      'a throw',
      () => {
        throw new Error('secret');
      },
    ],
    [
      'a throw of no error',
      () => {
        throw 'secret';
      },
    ],
    ['a rejection', () => Promise.reject(new Error('secret'))],
    [
      'an HttpError of 503',
      () => {
        throw new HttpError(503, 'secret');
      },
    ],
    [
      'an HttpError with a bad header',
      () => {
        throw new HttpError(404, 'secret', { headers: { 'a b': 'c' } });
      },
    ],
    ['trailers without a body', () => new HttpResponse(null, { trailers: { a: 'b' } })],
  ])('that gives %s is reported, and the peer learns nothing', async (_what, handler) => {
    const exchange = await settled(handler as HttpHandler);
    expect(exchange.answer?.head.status).toBeGreaterThanOrEqual(500);
    expect(exchange.answer?.body).not.toContain('secret');
    expect(exchange.answer?.fields).toEqual({ 'content-type': 'text/plain; charset=utf-8' });
    expect(exchange.problems).toHaveLength(1);
  });

  test('that throws an HttpError is answered with it, and not reported', () => {
    const exchange = answer(() => {
      throw new HttpError(404, 'secret', { headers: { 'x-a': 'b', connection: 'close' } });
    });
    expect(exchange.answer).toMatchObject({ head: { status: 404 }, body: 'Not Found\n' });
    expect(exchange.answer?.fields).toEqual({
      'content-type': 'text/plain; charset=utf-8',
      'x-a': 'b',
      connection: 'close',
    });
    expect(exchange.problems).toEqual([]);
  });

  test('may say the body of an HttpError and its type', () => {
    const exchange = answer(() => {
      throw new HttpError(422, 'x', {
        headers: { 'content-type': 'application/json' },
        body: '{}',
      });
    });
    expect(exchange.answer).toMatchObject({
      fields: { 'content-type': 'application/json' },
      body: '{}',
    });
  });

  test('that fails after the peer left is not reported', async () => {
    let fail: (error: Error) => void = () => undefined;
    const exchange = answer(() => new Promise((_, reject) => void (fail = reject)));
    exchange.leave();
    fail(new Error('because of that'));
    await exchange.settle();
    expect(exchange.problems).toEqual([]);
  });

  test('that has answered by the exchange itself is told that it gave a response as well', async () => {
    const exchange = await settled((request) => {
      exchangeOf(request).respond({ status: 200, fields: [] }, 'mine');
      return new HttpResponse('other');
    });
    expect(exchange.answer?.body).toBe('mine');
    expect(exchange.problems).not.toEqual([]);
  });

  test('never sends fields of the connection, or a length of its own', () => {
    const headers = {
      connection: 'x',
      'Transfer-Encoding': 'chunked',
      'keep-alive': '1',
      upgrade: 'x',
      a: 'b',
      'content-length': '99',
    };
    const exchange = answer(() => new HttpResponse('hello', { headers }));
    expect(exchange.answer?.fields).toEqual({ a: 'b', 'content-type': 'text/plain;charset=UTF-8' });
  });

  test('may say that the connection should end', () => {
    const close = { headers: { connection: 'x-a, Close' } };
    for (const response of [new HttpResponse('own', close), new HttpResponse(null, close)]) {
      expect(answer(() => response).answer?.fields['connection']).toBe('x-a, Close');
    }
  });

  test('keeps the order of its header lines', () => {
    const headers: [string, string][] = [
      ['z', '1'],
      ['set-cookie', 'a'],
      ['a', '2'],
      ['set-cookie', 'b'],
    ];
    const exchange = answer(() => new HttpResponse(null, { headers }));
    expect(exchange.answer?.head.fields).toEqual(headers.flat());
  });

  test('may say the length of the body that GET would have, to HEAD', () => {
    const headers = { 'content-length': '5' };
    const exchange = answer(() => new HttpResponse(null, { headers }), { method: 'HEAD' });
    expect(exchange.answer?.fields).toEqual(headers);
    expect(answer(() => new HttpResponse(null, { status: 204, headers })).answer?.fields).toEqual(
      {},
    );
  });

  test('gets 400 for its peer when no URL can name the target', () => {
    let called = false;
    const exchange = answer(
      () => {
        called = true;
        return new HttpResponse('x');
      },
      { authority: 'a@b' },
    );
    expect(exchange.answer?.head.status).toBe(400);
    expect([called, exchange.problems]).toEqual([false, []]);
  });

  test.each([
    ['OPTIONS', '*', 204],
    ['TRACE', '/', 501],
  ])('does not see %s %s', (method, target, status) => {
    const body = new FakeIncoming(3);
    const exchange = answer(() => new HttpResponse('x'), { method, target, body });
    expect(exchange.answer?.head.status).toBe(status);
    expect(body.discarded).toBe(1);
  });

  test('has a context that is looked up', async () => {
    const exchange = await settled(async (_request, context) => {
      const { id, reactor, local, peer, secure, version } = context;
      context.inform(103, { link: '</x>' });
      const key = { name: 'who' } as unknown as Parameters<typeof context.info<string>>[0];
      expect(context.info(key)).toBe(undefined);
      context.provide(key, 'me');
      expect(context.info(key)).toBe('me');
      expect([...context.trailers]).toEqual([]);
      const facts = { id, peer, local, secure, version, virtual: reactor.clock.now() };
      return HttpResponse.json(facts);
    });
    expect(exchange.informed).toEqual([[103, ['link', '</x>']]]);
    expect(JSON.parse(exchange.answer?.body ?? '')).toMatchObject({
      id: 1,
      secure: false,
      version: '1.1',
    });
    expect(exchange.signalsMade).toBe(0);
  });

  test.each([
    ['text', () => new HttpResponse('äb'), 3],
    ['a stream', () => new HttpResponse(pieces('äb', 'c')), 4],
    ['a standard response', () => new Response('äb'), 3],
    ['nothing', () => new HttpResponse(null), 0],
  ])('learns how much of %s was sent', async (_what, make, bytes) => {
    let sent: (() => number) | undefined;
    await settled((_request, context) => {
      sent = () => context.sentBytes;
      return make();
    });
    expect(sent?.()).toBe(bytes);
  });
});

describe('the body of a request', () => {
  const slow = (code: HttpErrorCode): Error => new ProtocolError<HttpErrorCode>(code, 'no body');

  test.each<[HttpErrorCode, number]>([
    ['HAWSER_HTTP_MALFORMED', 400],
    ['HAWSER_HTTP_REQUEST_TIMEOUT', 408],
    ['HAWSER_HTTP_BODY_TOO_LARGE', 413],
  ])(
    'that fails with %s is answered with %i when the handler lets it through',
    async (code, status) => {
      for (const wrap of [false, true]) {
        const body = new FakeIncoming(10).send('12345');
        const exchange = answer(
          async (request) => {
            try {
              return new HttpResponse(await request.text());
            } catch (cause) {
              throw wrap ? new Error('wrapped', { cause }) : cause;
            }
          },
          { method: 'POST', body },
        );
        body.fail(slow(code));
        await exchange.settle();
        expect(exchange.answer?.head.status).toBe(status);
        expect(exchange.problems).toEqual([]);
      }
    },
  );

  test('that fails does not hide a mistake of the handler', async () => {
    const body = new FakeIncoming(10).send('12345');
    const exchange = answer(
      async (request) => {
        await request.text().catch(() => undefined);
        throw new Error('a mistake');
      },
      { method: 'POST', body },
    );
    body.fail(slow('HAWSER_HTTP_MALFORMED'));
    await exchange.settle();
    expect(exchange.answer?.head.status).toBe(500);
    expect(exchange.problems).toHaveLength(1);
  });

  test('over the limit is answered with 413', async () => {
    const body = new FakeIncoming(undefined).send('x'.repeat(1_048_577));
    const exchange = await settled(async (request) => new HttpResponse(await request.text()), {
      method: 'POST',
      body,
    });
    expect(exchange.answer?.head.status).toBe(413);
    expect(exchange.problems).toEqual([]);
  });

  test('is discarded after the answer when nobody read it', () => {
    const body = new FakeIncoming(5);
    answer(() => new HttpResponse('x'), { method: 'POST', body });
    expect(body.discarded).toBe(1);
    const none = new FakeIncoming(0);
    answer(() => new HttpResponse('x'), { body: none });
    expect(none.discarded).toBe(0);
  });

  test('that is still read when the answer is given fails for its reader', async () => {
    const body = new FakeIncoming(5);
    let text: Promise<string> | undefined;
    const exchange = answer(
      (request) => {
        text = request.text();
        return new HttpResponse('x');
      },
      { method: 'POST', body },
    );
    await expect(text).rejects.toMatchObject({ code: 'HAWSER_CLOSED' });
    expect(body.discarded).toBe(1);
    expect(exchange.problems).toEqual([]);
  });

  test('can be the body of the answer', async () => {
    const body = new FakeIncoming(undefined).send('abc');
    const exchange = answer((request) => new HttpResponse(request.body), { method: 'POST', body });
    await exchange.settle();
    expect(exchange.answer).toMatchObject({ body: 'abc', ended: false });
    body.send('def').end();
    await exchange.settle();
    expect(exchange.answer).toMatchObject({ body: 'abcdef', ended: true });
  });

  test('that fails while it is the body of the answer resets that, and is not reported', async () => {
    const body = new FakeIncoming(undefined).send('abc');
    const exchange = answer((request) => new HttpResponse(request.body), { method: 'POST', body });
    await exchange.settle();
    const left = slow('HAWSER_HTTP_MALFORMED');
    body.fail(left);
    await exchange.settle();
    expect(exchange.answer?.aborted).toBe(left);
    expect(exchange.problems).toEqual([]);
  });

  test('consumed near the engine is left to whoever does', () => {
    const body = new FakeIncoming(5);
    answer(
      (request) => {
        const consumer = { data: () => undefined, end: () => undefined, failed: () => undefined };
        exchangeOf(request).body.consume(consumer);
        return new HttpResponse('x');
      },
      { method: 'POST', body },
    );
    expect(body.discarded).toBe(0);
  });
});

describe('a streamed body', () => {
  const KINDS: readonly (readonly [string, () => Response])[] = [
    ['an async generator', () => new HttpResponse(pieces('ab', Buffer.from('cd'), '', 'ef'))],
    [
      'a ReadableStream',
      () =>
        new HttpResponse(
          Readable.toWeb(Readable.from([Buffer.from('abcd'), Buffer.from('ef')])) as ReadableStream,
        ),
    ],
    [
      'a node stream',
      () => new HttpResponse(Readable.from([Buffer.from('abcd'), Buffer.from('ef')])),
    ],
    [
      'a standard response',
      () =>
        new Response(
          new ReadableStream({
            async start(controller) {
              for (let turn = 0; turn < 9; turn++) await new Promise((done) => setImmediate(done));
              controller.enqueue(Buffer.from('abcdef'));
              controller.close();
            },
          }),
        ),
    ],
  ];
  test.each(KINDS)('of %s is sent as it comes', async (_what, make) => {
    const exchange = await settled(() => make());
    await exchange.done;
    await exchange.settle();
    expect(exchange.answer).toMatchObject({
      body: 'abcdef',
      whole: false,
      ended: true,
      aborted: undefined,
    });
    expect(exchange.answer?.fields['content-length']).toBe(undefined);
    expect(exchange.listeners).toBe(0);
  });

  test.each<[string, () => ResponseBody]>([
    ['text', () => 'x'.repeat(1_048_577)],
    ['bytes', () => Buffer.alloc(1_048_577, 'x')],
    ['a Blob', () => new Blob(['x'.repeat(1_048_577)]) as unknown as ResponseBody],
  ])('of long %s says its length and goes in pieces', async (_what, body) => {
    const exchange = answer(() => new HttpResponse(body()));
    exchange.takes = false;
    await exchange.settle();
    expect(exchange.answer?.fields['content-length']).toBe('1048577');
    expect(exchange.answer?.body.length).toBe(65_536);
    for (let count = 0; count < 20; count++) {
      exchange.drain();
      await exchange.settle();
    }
    expect(exchange.answer?.body.length).toBe(1_048_577);
    expect(exchange.answer?.ended).toBe(true);
  });

  test('waits for the peer, and is asked for no more than it takes', async () => {
    let made = 0;
    const exchange = answer(
      () =>
        new HttpResponse(
          (async function* () {
            for (;;) yield String(made++);
          })(),
        ),
    );
    exchange.takes = false;
    await exchange.settle();
    expect(made).toBe(1);
    exchange.drain();
    await exchange.settle();
    expect(made).toBe(2);
    exchange.leave();
    await exchange.settle();
    expect(made).toBe(2);
  });

  test('that has no bytes ready does not hold the head back', async () => {
    const exchange = await settled(() => new HttpResponse(new ReadableStream()));
    expect(exchange.answer).toMatchObject({ body: '', ended: false });
  });

  /** Bodies without an end, and whether they were told that nobody wants more. */
  const ENDLESS: readonly (readonly [string, (told: () => void) => Response])[] = [
    ['a ReadableStream', (told) => new HttpResponse(new ReadableStream({ cancel: told }))],
    ['a standard response', (told) => new Response(new ReadableStream({ cancel: told }))],
    [
      'a node stream',
      (told) =>
        new HttpResponse(
          new Readable({
            read: () => undefined,
            destroy: (_error, done) => {
              told();
              done();
            },
          }),
        ),
    ],
    [
      'an iterator',
      (told) =>
        new HttpResponse({
          [Symbol.asyncIterator]: () => ({
            next: () => new Promise<never>(() => undefined),
            return: () => {
              told();
              return Promise.resolve({ done: true as const, value: undefined });
            },
          }),
        }),
    ],
  ];
  test.each(ENDLESS)('of %s is cancelled when the peer leaves', async (_what, make) => {
    let told = 0;
    const exchange = answer(() => make(() => void (told += 1)));
    await exchange.settle();
    expect(told).toBe(0);
    exchange.leave();
    await exchange.settle();
    expect(told).toBe(1);
    expect(exchange.problems).toEqual([]);
  });

  test.each(ENDLESS)('of %s is cancelled for HEAD', async (_what, make) => {
    let told = 0;
    const exchange = await settled(() => make(() => void (told += 1)), { method: 'HEAD' });
    expect(told).toBe(1);
    expect(exchange.answer?.ended).toBe(true);
    expect(exchange.problems).toEqual([]);
  });

  test.each(ENDLESS)('of %s is cancelled when the peer has left already', async (_what, make) => {
    let told = 0;
    let give: (response: Response) => void = () => undefined;
    const exchange = answer(() => new Promise((resolve) => void (give = resolve)));
    exchange.leave();
    give(make(() => void (told += 1)));
    await exchange.settle();
    expect(told).toBe(1);
  });

  test.each<[string, () => Response]>([
    [
      'a generator that throws',
      () =>
        new HttpResponse(
          (async function* () {
            yield 'half';
            throw new Error('secret');
          })(),
        ),
    ],
    [
      'a stream that fails',
      () =>
        new HttpResponse(
          new ReadableStream(
            {
              pull(controller) {
                controller.error(new Error('secret'));
              },
            },
            { highWaterMark: 0 },
          ),
        ),
    ],
    [
      'a node stream that fails',
      () =>
        new HttpResponse(
          new Readable({
            read() {
              this.destroy(new Error('secret'));
            },
          }),
        ),
    ],
    [
      'pieces that are none',
      () =>
        new HttpResponse(
          (async function* () {
            yield 5 as unknown as string;
          })(),
        ),
    ],
    ['trailers that are none', () => new HttpResponse('x', { trailers: () => ({ 'a b': '' }) })],
    [
      'trailers that fail',
      () => new HttpResponse('x', { trailers: () => Promise.reject(new Error('secret')) }),
    ],
    [
      'a length that is not kept by a late failure',
      () =>
        new Response(
          new ReadableStream({
            async pull(controller) {
              await new Promise((done) => setImmediate(done));
              controller.error(new Error('secret'));
            },
          }),
        ),
    ],
  ])('of %s resets the answer and is reported', async (_what, make) => {
    const exchange = await settled(() => make());
    expect(exchange.answer?.ended).toBe(false);
    expect(exchange.answer?.aborted).toBeInstanceOf(Error);
    expect(exchange.problems).toHaveLength(1);
  });

  test('of a standard response that fails at once is a plain 500', async () => {
    const exchange = await settled(
      () =>
        new Response(
          new ReadableStream({
            start(controller) {
              controller.error(new Error('secret'));
            },
          }),
        ),
    );
    expect(exchange.answer).toMatchObject({ head: { status: 500 }, whole: true });
    expect(exchange.problems).toHaveLength(1);
  });

  test('of a standard response with pieces of text is refused', async () => {
    const exchange = await settled(
      () =>
        new Response(
          new ReadableStream({
            start(controller) {
              controller.enqueue('text' as unknown as Uint8Array);
              controller.close();
            },
          }),
        ),
    );
    expect(exchange.answer?.head.status).toBe(500);
  });

  test('that fails after the peer left is not reported', async () => {
    let fail: (error: Error) => void = () => undefined;
    const exchange = answer(
      () =>
        new HttpResponse(
          (async function* () {
            yield 'x';
            await new Promise((_, reject) => void (fail = reject));
          })(),
        ),
    );
    await exchange.settle();
    exchange.leave();
    fail(new Error('because of that'));
    await exchange.settle();
    expect(exchange.problems).toEqual([]);
  });

  test.each<[string, HttpResponse]>([
    ['a record', new HttpResponse(pieces('x'), { trailers: { 'X-Sum': '1' } })],
    ['a promise', new HttpResponse('x', { trailers: Promise.resolve({ 'x-sum': '1' }) })],
    ['a function', new HttpResponse('x', { trailers: () => [['x-sum', '1']] })],
  ])('has trailers, by %s', async (_what, response) => {
    const exchange = await settled(() => response);
    expect(exchange.answer).toMatchObject({
      body: 'x',
      whole: false,
      ended: true,
      trailers: ['x-sum', '1'],
    });
  });
});

describe('a standard response', () => {
  test.each<[string, () => Response, string]>([
    ['text', () => new Response('hellö'), 'hellö'],
    ['JSON', () => Response.json({ a: 1 }), '{"a":1}'],
    ['bytes', () => new Response(Buffer.from('bytes')), 'bytes'],
    ['no text', () => new Response(''), ''],
    [
      'a stream that is ready',
      () => new Response(Readable.toWeb(Readable.from([Buffer.from('a')])) as unknown as string),
      'a',
    ],
  ])('of %s is sent whole', async (_what, make, body) => {
    const exchange = await settled(() => make());
    expect(exchange.answer).toMatchObject({ body, whole: true });
  });

  test('without a body is sent in the same turn', () => {
    const exchange = answer(() => new Response(null, { status: 304, headers: { etag: '"x"' } }));
    expect(exchange.answer).toMatchObject({
      head: { status: 304 },
      fields: { etag: '"x"' },
      whole: true,
    });
  });

  test('keeps its cookies apart', async () => {
    const headers: [string, string][] = [
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ];
    const exchange = await settled(() => new Response('x', { headers }));
    expect(exchange.answer?.head.fields).toEqual([
      'content-type',
      'text/plain;charset=UTF-8',
      ...headers.flat(),
    ]);
  });

  test('of a package without getSetCookie, and with a node stream, will do', async () => {
    const headers = new Map([
      ['a', 'b'],
      ['set-cookie', 'c'],
    ]);
    const body = Readable.from([Buffer.from('x')]);
    const foreign = { status: 200, statusText: '', headers, body, bodyUsed: false };
    const exchange = await settled(() => foreign as unknown as Response);
    await exchange.done;
    expect(exchange.answer?.head.fields).toEqual(
      expect.arrayContaining(['a', 'b', 'set-cookie', 'c']),
    );
    expect(exchange.answer?.body).toBe('x');
  });

  test('made by another implementation will do', async () => {
    const { body } = new Response('x');
    const foreign = {
      status: 201,
      statusText: 'Made',
      headers: new Headers({ a: 'b' }),
      body,
      bodyUsed: false,
    };
    const exchange = await settled(() => foreign as unknown as Response);
    expect(exchange.answer).toMatchObject({ head: { status: 201, statusText: 'Made' }, body: 'x' });
  });
});

describe('takeOver', () => {
  const factory = {
    name: 'echo',
    buildProtocol: () =>
      new (class extends BaseProtocol {
        override dataReceived(): void {}
      })(),
  };
  const upgraded = { upgrade: 'Foo, echo' };

  test('gives an upgrade to the protocol, with 101 and what middleware has added', () => {
    const exchange = answer(() => {
      const response = takeOver(factory, { protocol: 'echo', headers: { a: 'b' } });
      response.headers.set('x-id', '7');
      return response;
    }, upgraded);
    expect(exchange.takenOver).toEqual({
      factory,
      head: {
        status: 101,
        statusText: undefined,
        fields: ['upgrade', 'echo', 'a', 'b', 'x-id', '7'],
      },
    });
  });

  test('gives a CONNECT to the protocol, with 200', () => {
    const exchange = answer(() => takeOver(factory), { method: 'CONNECT', target: 'b.example:22' });
    expect(exchange.takenOver?.head).toMatchObject({ status: 200, fields: [] });
  });

  test('leaves the head to the protocol on request', () => {
    const exchange = answer(
      () => takeOver(factory, { protocol: 'echo', sendHead: false }),
      upgraded,
    );
    expect(exchange.takenOver).toEqual({ factory, head: undefined });
  });

  test.each<[string, FakeExchangeOptions, string | undefined, number, Record<string, string>]>([
    ['did not ask', {}, 'echo', 426, { upgrade: 'echo' }],
    ['asked for something else', { upgrade: 'echo/2' }, 'echo', 426, { upgrade: 'echo' }],
    ['speaks HTTP/2', { version: '2.0' }, 'echo', 501, {}],
    ['did not connect', {}, undefined, 501, {}],
  ])('refuses a peer that %s', (_what, options, protocol, status, fields) => {
    const exchange = answer(() => takeOver(factory, { protocol }), options);
    expect(exchange.takenOver).toBe(undefined);
    expect(exchange.answer?.head.status).toBe(status);
    expect(exchange.answer?.fields).toMatchObject(fields);
    expect(exchange.problems).toEqual([]);
  });

  test.each([new HttpResponse('home page'), new Response('home page')])(
    'is the only 2xx answer to CONNECT',
    async (response) => {
      const exchange = await settled(() => response, { method: 'CONNECT', target: 'b:22' });
      expect(exchange.answer?.head.status).toBe(501);
      const refused = await settled(() => new Response(null, { status: 403 }), {
        method: 'CONNECT',
        target: 'b:22',
      });
      expect(refused.answer?.head.status).toBe(403);
    },
  );
});

test('webResponder refuses a limit below 0', () => {
  expect(() => webResponder(never, { maxBodyBytes: -1 })).toThrow(RangeError);
});
