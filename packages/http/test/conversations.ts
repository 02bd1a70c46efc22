import { afterEach, describe, expect, test } from 'vitest';
import { type HttpHandler, type HttpOptions, http } from '../src/index.ts';
import { RawClient } from './raw-client.ts';
import type { World } from './world.ts';

const get = (path: string, ...more: readonly string[]): string =>
  [`GET ${path} HTTP/1.1`, 'Host: example.net', ...more, '', ''].join('\r\n');
const post = (path: string, body: string, ...more: readonly string[]): string =>
  [
    `POST ${path} HTTP/1.1`,
    'Host: example.net',
    `Content-Length: ${body.length}`,
    ...more,
    '',
    body,
  ].join('\r\n');

const encoder = new TextEncoder();

/** Small limits, so that reaching them takes no time where time is real. */
const SMALL = { headTimeoutMs: 60, keepAliveTimeoutMs: 60, requestTimeoutMs: 60 } as const;

/** What every carrier of HTTP must get right. */
export function httpConversations(name: string, makeWorld: () => World): void {
  describe(name, () => {
    let world: World | undefined;
    const open = async (handler: HttpHandler, options?: HttpOptions): Promise<RawClient> => {
      world = makeWorld();
      return world.connect(http(handler, options), new RawClient());
    };
    const problems = (): string[] =>
      (world?.reports.problems ?? []).map(({ where, error }) => `${where}: ${String(error)}`);
    afterEach(async () => {
      await world?.stop();
      world = undefined;
    });

    test('a text answer has a length, a date and no chunks, and the connection is kept', async () => {
      const client = await open(
        (request) => new Response(`you asked for ${new URL(request.url).pathname}`),
      );
      client.send(get('/a'));
      const first = await client.answer();
      expect(first).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(first).toMatch(/\r\ndate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/i);
      expect(first).toMatch(/\r\ncontent-length: 16\r\n/i);
      expect(first).not.toMatch(/transfer-encoding/i);
      expect(first).toMatch(/\r\n\r\nyou asked for \/a$/);
      client.send(get('/b'));
      expect(await client.answer()).toMatch(/you asked for \/b$/);
    });

    test('pipelined requests are answered in order, one at a time', async () => {
      let running = 0;
      const client = await open(async (request) => {
        running += 1;
        const alone = running === 1;
        await Promise.resolve();
        running -= 1;
        return new Response(`${new URL(request.url).pathname} ${alone}`);
      });
      client.send(Array.from({ length: 40 }, (_, at) => get(`/${at}`)).join(''));
      for (let at = 0; at < 40; at++)
        expect(await client.answer()).toMatch(new RegExp(`/${at} true$`));
    });

    test('the handler knows the request and who sent it', async () => {
      const client = await open((request, { peer, secure, id }) =>
        Response.json({
          method: request.method,
          url: request.url,
          accept: request.headers.get('accept'),
          peer: peer.kind,
          secure,
          id: typeof id,
        }),
      );
      client.send(get('/x?y=1', 'Accept: a', 'Accept: b'));
      const answer = await client.answer();
      expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toEqual({
        method: 'GET',
        url: `${world?.secure ? 'https' : 'http'}://example.net/x?y=1`,
        accept: 'a, b',
        peer: expect.stringMatching(/^(tcp|memory)$/),
        secure: world?.secure,
        id: 'number',
      });
    });

    test('a posted body is echoed', async () => {
      const client = await open(async (request) => new Response(await request.text()));
      client.send(post('/', 'hello'), post('/', 'x'.repeat(200_000)));
      expect(await client.answer()).toMatch(/\r\n\r\nhello$/);
      expect((await client.answer()).endsWith('x'.repeat(200_000))).toBe(true);
    });

    test('a chunked upload arrives whole and the connection is kept', async () => {
      const client = await open(async (request) => new Response(await request.text()));
      client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
      client.send('6\r\n world\r\n0\r\n\r\n', get('/'));
      expect(await client.answer()).toMatch(/hello world$/);
      expect(await client.answer()).toMatch(/^HTTP\/1\.1 200/);
    });

    test('a streamed answer is chunked, and its first bytes do not wait for the last', async () => {
      let next: (text: string | undefined) => void = () => undefined;
      const body = new ReadableStream({
        start(controller) {
          next = (text) =>
            text === undefined ? controller.close() : controller.enqueue(encoder.encode(text));
        },
      });
      const client = await open(() => new Response(body));
      client.send(get('/'));
      await client.until('\r\n\r\n');
      next('one');
      expect(await client.until('one')).toMatch(/\r\ntransfer-encoding: chunked\r\n/i);
      next('two');
      await client.until('two');
      next(undefined);
      await client.until('\r\n0\r\n\r\n');
    });

    test('100 is sent when the handler reads the body, and not before', async () => {
      let read: () => void = () => undefined;
      const wanted = new Promise<void>((done) => {
        read = done;
      });
      const client = await open(async (request) => {
        await wanted;
        return new Response(await request.text());
      });
      client.send(
        'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n',
      );
      await world?.elapse(1);
      expect(client.received).toBe('');
      read();
      expect(await client.until('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n');
      client.received = '';
      client.send('hello');
      expect(await client.answer()).toMatch(/hello$/);
    });

    test('an answer without the go-ahead closes, as the body may or may not follow', async () => {
      const client = await open(() => new Response('no', { status: 403 }));
      client.send(
        'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n',
      );
      expect(await client.answer()).toMatch(/^HTTP\/1\.1 403 [^]*connection: close/i);
      await client.ended;
    });

    test('HEAD, 204 and 304 have no body, HEAD the length of the body GET would have', async () => {
      const client = await open((request) => {
        const status = Number(new URL(request.url).pathname.slice(1));
        return new Response(status === 200 ? 'hello' : null, { status });
      });
      client.send(get('/200').replace('GET', 'HEAD'));
      expect(await client.answer({ head: true })).toMatch(
        /content-length: 5\r\n(?:[^]*\r\n)?\r\n$/i,
      );
      for (const status of [204, 304]) {
        client.send(get(`/${status}`));
        const answer = await client.answer();
        expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
        expect(answer).not.toMatch(/content-length|transfer-encoding/i);
      }
      client.send(get('/200'));
      expect(await client.answer()).toMatch(/\r\n\r\nhello$/);
    });

    test('a handler that throws gives a plain 500 and a report, and the connection lives on', async () => {
      const client = await open((request) => {
        if (request.url.endsWith('/bad')) throw new Error('secret');
        return new Response('fine');
      });
      client.send(get('/bad'), get('/'));
      expect(await client.answer()).toMatch(/^HTTP\/1\.1 500 [^]*\r\n\r\nInternal Server Error\n$/);
      expect(await client.answer()).toMatch(/fine$/);
      expect(problems()).toEqual(['http.handler: Error: secret']);
    });

    test('an answer that cannot be written gives 500', async () => {
      const client = await open(() => new Response('x', { headers: { 'x-odd': 'a\u0001b' } }));
      client.send(get('/'));
      expect(await client.answer()).toMatch(/^HTTP\/1\.1 500 /);
      expect(problems()).toHaveLength(1);
    });

    test('a streamed answer that fails is cut off, not ended', async () => {
      let fail: () => void = () => undefined;
      const client = await open(() => {
        const body = new ReadableStream({
          start(controller) {
            controller.enqueue(encoder.encode('part'));
            fail = () => controller.error(new Error('source broke'));
          },
        });
        return new Response(body);
      });
      client.send(get('/'));
      await client.until('part');
      fail();
      expect(await client.lost).toMatchObject({ kind: 'reset' });
      expect(client.received).not.toContain('\r\n0\r\n\r\n');
      expect(problems()).toEqual(['http.handler: Error: source broke']);
    });

    test('HTTP/1.0 closes after the answer, unless it asks to be kept', async () => {
      const client = await open(() => new Response('hello'));
      client.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
      const kept = await client.answer();
      expect(kept).toMatch(/connection: keep-alive/i);
      expect(kept).toMatch(/content-length: 5/i);
      client.send('GET / HTTP/1.0\r\n\r\n');
      expect(await client.answer()).toMatch(/connection: close[^]*hello$/i);
      await client.ended;
    });

    test('a streamed answer on HTTP/1.0 ends with the connection and has no chunks', async () => {
      const clock = (): World['reactor']['clock'] | undefined => world?.reactor.clock;
      let pieces = 0;
      const body = new ReadableStream({
        async pull(controller) {
          await new Promise<void>((done) => clock()?.callSoon(() => clock()?.callSoon(done)));
          if (pieces++ < 2) controller.enqueue(encoder.encode('piece.'));
          else controller.close();
        },
      });
      const client = await open(() => new Response(body));
      client.send('GET / HTTP/1.0\r\nTE: chunked\r\nConnection: keep-alive\r\n\r\n');
      await client.ended;
      expect(client.received).toMatch(/\r\n\r\npiece\.piece\.$/);
    });

    test('a client that ends its side after the request gets its answer', async () => {
      const client = await open(async () => {
        await new Promise<void>((done) => world?.reactor.clock.callSoon(done));
        return new Response('late');
      });
      client.send('GET / HTTP/1.0\r\n\r\n');
      client.transport.end();
      await client.ended;
      expect(client.received).toMatch(/\r\n\r\nlate$/);
    });

    test('the signal is aborted when the peer leaves, and the source of the answer cancelled', async () => {
      let cancelled: () => void = () => undefined;
      const whenCancelled = new Promise<void>((done) => {
        cancelled = done;
      });
      let signal: AbortSignal | undefined;
      const client = await open((request) => {
        signal = request.signal;
        return new Response(
          new ReadableStream({ pull: () => new Promise(() => undefined), cancel: cancelled }),
        );
      });
      client.send(get('/'));
      await client.until('\r\n\r\n');
      client.transport.abort();
      await whenCancelled;
      expect(signal?.aborted).toBe(true);
      expect(problems()).toEqual([]);
    });

    test.each([
      ['garbage', '\u0016\u0003\u0001\u0000', 400],
      ['no method', ' / HTTP/1.1\r\n\r\n', 400],
      ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
      ['two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n', 400],
      ['a Host with a user', 'GET / HTTP/1.1\r\nHost: a@b\r\n\r\n', 400],
      [
        'both framings',
        'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
        400,
      ],
      ['chunks on 1.0', 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
      [
        'an unknown coding',
        'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
        501,
      ],
      ['TRACE', 'TRACE / HTTP/1.1\r\nHost: a\r\n\r\n', 501],
      ['an unknown expectation', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n', 417],
      ['a long head', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ])('%s is refused', async (_what, input, status) => {
      let calls = 0;
      const client = await open(() => {
        calls += 1;
        return new Response('x');
      });
      client.send(input);
      expect(await client.answer()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(calls).toBe(0);
      expect(problems()).toEqual([]);
    });

    test('CONNECT is refused, unless its handler takes the connection over', async () => {
      const client = await open(() => new Response('x'));
      client.send('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n');
      expect(await client.answer()).toMatch(/^HTTP\/1\.1 501 /);
      expect(problems()).toEqual([]);
    });

    test('a long body that is announced is refused when it is asked for, before it is read', async () => {
      const client = await open(async (request) => new Response(await request.text()));
      client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n');
      expect(await client.answer()).toMatch(/^HTTP\/1\.1 413 [^]*connection: close/i);
      expect(problems()).toEqual([]);
      await client.ended;
    });

    test('a body that is read as a stream may be of any length', async () => {
      const client = await open(async ({ body }) => {
        let bytes = 0;
        for await (const chunk of body ?? []) bytes += chunk.length;
        return new Response(`${bytes} bytes`);
      });
      client.send(post('/', 'x'.repeat(1_048_577)));
      expect(await client.answer()).toMatch(/1048577 bytes$/);
    });

    test('a bad request behind good ones is refused after their answers', async () => {
      const client = await open((request) => new Response(new URL(request.url).pathname));
      client.send(`${get('/1')}${get('/2')}\0garbage\r\n\r\n`);
      expect(await client.answer()).toMatch(/\/1$/);
      expect(await client.answer()).toMatch(/\/2$/);
      expect(await client.answer()).toMatch(/^HTTP\/1\.1 400 /);
      await client.ended;
    });

    test('a chunked body over the limit ends the upload with 413', async () => {
      const client = await open(async (request) => new Response(await request.text()), {
        maxBodyBytes: 1_000,
      });
      client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
      for (let at = 0; at < 20; at++) client.send(`64\r\n${'x'.repeat(100)}\r\n`);
      expect(await client.answer()).toMatch(/^HTTP\/1\.1 413 [^]*connection: close/i);
      await client.ended;
    });

    test('broken chunks are refused', async () => {
      const client = await open(async (request) => new Response(await request.text()));
      client.send(
        'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n',
      );
      expect(await client.answer()).toMatch(/^HTTP\/1\.1 400 /);
      await client.ended;
    });

    test('a large body that is not read does not cost its answer', async () => {
      const client = await open(() => new Response('no thanks', { status: 403 }));
      client.send(post('/', 'x'.repeat(900_000)));
      expect(await client.answer()).toMatch(/^HTTP\/1\.1 403 [^]*no thanks$/);
    });

    test('a slow head is cut with 408', async () => {
      const client = await open(() => new Response('x'), SMALL);
      client.send('GET / HT');
      await world?.elapse(59);
      client.send('TP/1.1\r\nHo');
      await world?.elapse(1);
      expect(await client.answer()).toMatch(/^HTTP\/1\.1 408 /);
      await client.ended;
    });

    test('a slow second head is cut with 408', async () => {
      const client = await open(() => new Response('x'), SMALL);
      client.send(get('/'));
      await client.answer();
      client.send('GET / HT');
      await world?.elapse(120);
      expect(await client.answer()).toMatch(/^HTTP\/1\.1 408 /);
      await client.ended;
    });

    test('a silent connection is closed without a word, new or kept', async () => {
      const client = await open(() => new Response('x'), SMALL);
      await world?.elapse(60);
      await client.ended;
      expect(client.received).toBe('');
      const kept = await open(() => new Response('x'), SMALL);
      kept.send(get('/'));
      await kept.answer();
      await world?.elapse(60);
      await kept.ended;
      expect(kept.received).toBe('');
    });

    test('a slow body is cut with 408', async () => {
      const client = await open(async (request) => new Response(await request.text()), SMALL);
      client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello');
      await world?.elapse(60);
      expect(await client.answer()).toMatch(/^HTTP\/1\.1 408 /);
      await client.ended;
    });

    test('a drain closes what is idle and finishes what is not, saying so', async () => {
      let finish: () => void = () => undefined;
      let arrive: () => void = () => undefined;
      const arrived = new Promise<void>((done) => {
        arrive = done;
      });
      const factory = http(async () => {
        await new Promise<void>((done) => {
          finish = done;
          arrive();
        });
        return new Response('done');
      });
      world = makeWorld();
      const idle = await world.connect(factory, new RawClient());
      const busy = await world.connect(factory, new RawClient());
      busy.send(get('/'));
      await arrived;
      world.drain();
      await idle.ended;
      expect(idle.received).toBe('');
      finish();
      expect(await busy.answer()).toMatch(/connection: close[^]*done$/i);
      await busy.ended;
    });
  });
}
