import { constants } from 'node:http2';
import { pipeWorld } from '@hawser/core/testing';
import { afterEach, describe, expect, test } from 'vitest';
import type { HttpExchange } from '../../src/contract/exchange.ts';
import { echoBody } from '../echo-body.ts';
import { answering, answerOf, collect, connectClient, connectRaw, send } from './h2-world.ts';
import { Flag, frame, headers, request } from './raw-client.ts';

const worlds: ReturnType<typeof pipeWorld>[] = [];
function world(cut?: 'bytes' | number): ReturnType<typeof pipeWorld> {
  const made = pipeWorld(cut === undefined ? {} : { cut });
  worlds.push(made);
  return made;
}
afterEach(async () => {
  for (const each of worlds.splice(0)) await each.stop();
});

const OK = { status: 200, fields: [] };

describe('an exchange over HTTP/2', () => {
  test.each([
    ['whole', undefined],
    ['a byte at a time', 'bytes' as const],
    ['at random places', 7],
  ])('shows the request as over HTTP/1, with input cut %s', async (_, cut) => {
    const seen: unknown[] = [];
    const place = world(cut);
    const client = await connectClient(
      place,
      answering((exchange) => {
        const { method, target, authority, scheme, version, upgrade, fields } = exchange;
        seen.push({
          method,
          target,
          authority,
          scheme,
          version,
          upgrade,
          fields: fields.map((text) => text.replace('; ', ';')),
        });
        void collect(exchange.body).then(({ text }) => exchange.respond(OK, `got ${text}`));
      }),
    );
    const answer = await send(
      client,
      {
        ':method': 'POST',
        ':path': '/p?q=1',
        cookie: ['a=1', 'b=2'],
        'x-a': ['1', '\u00e4'],
      },
      'hello',
    );
    expect(answer).toMatchObject({ status: 200, body: 'got hello', rstCode: 0 });
    expect(answer.headers).toMatchObject({ 'content-length': '9' });
    expect(answer.headers.date).toMatch(/ GMT$/);
    expect(seen).toEqual([
      {
        method: 'POST',
        target: '/p?q=1',
        authority: 'hawser.example:80',
        scheme: 'http',
        version: '2.0',
        upgrade: undefined,
        fields: 'host hawser.example:80 x-a 1 x-a \u00e4 cookie a=1;b=2'.split(' '),
      },
    ]);
    expect(place.reports.problems).toEqual([]);
  });

  test('goes beside others: a slow one holds nobody up', async () => {
    const held: HttpExchange[] = [];
    const client = await connectClient(
      world(),
      answering((exchange) => {
        if (exchange.target === '/slow') held.push(exchange);
        else exchange.respond(OK, exchange.target);
      }),
    );
    const slow = send(client, { ':path': '/slow' });
    expect((await send(client, { ':path': '/fast' })).body).toBe('/fast');
    held[0]?.respond(OK, 'at last');
    expect((await slow).body).toBe('at last');
  });

  test('sends interim responses, the answer and trailers to whoever wants trailers', async () => {
    const client = await connectClient(
      world(),
      answering((exchange) => {
        exchange.inform(103, ['link', '</a.css>; rel=preload']);
        const body = exchange.stream({ status: 200, fields: ['content-type', 'text/plain'] });
        body.write(Buffer.from('one '));
        body.write(Buffer.from('two'));
        body.end(['x-sum', '2']);
      }),
    );
    const wanted = await send(client, { te: 'trailers' });
    expect(wanted).toMatchObject({ status: 200, body: 'one two', trailers: { 'x-sum': '2' } });
    expect(wanted.informed).toMatchObject([{ ':status': 103, link: '</a.css>; rel=preload' }]);
    const unwanted = await send(client);
    expect(unwanted).toMatchObject({ body: 'one two', trailers: undefined, rstCode: 0 });
  });

  test('gives the trailers of a request after its body', async () => {
    const client = await connectClient(
      world(),
      answering((exchange) => {
        void collect(exchange.body).then((got) => exchange.respond(OK, JSON.stringify(got)));
      }),
    );
    const stream = client.request({ ':method': 'POST' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '5' }));
    stream.end('hello');
    expect(JSON.parse((await answerOf(stream)).body)).toEqual({
      text: 'hello',
      trailers: ['x-sum', '5'],
    });
  });

  test.each([
    ['authorization', 'Basic YTpi'],
    ['x-forwarded-for', '127.0.0.1'],
    ['cookie', 'a=b'],
    ['x-long', 'x'.repeat(20_000)],
  ])('refuses a request with trailers that may be none: %s', async (name, value) => {
    const place = world();
    const seen: unknown[] = [];
    const client = await connectClient(
      place,
      answering((exchange) => {
        collect(exchange.body).then(
          (got) => {
            seen.push(got);
            exchange.respond(OK, '');
          },
          (error: unknown) => {
            seen.push((error as { code?: string }).code);
            exchange.respond({ ...OK, status: 400 }, '');
          },
        );
      }),
    );
    const stream = client.request({ ':method': 'POST' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ [name]: value }));
    stream.end('hello');
    expect((await answerOf(stream)).status).toBe(400);
    await place.elapse(1);
    expect(seen).toEqual(['HAWSER_HTTP_MALFORMED']);
    expect(place.reports.problems).toEqual([]);
  });

  test('asks for the body of a peer that waits to be asked only once somebody wants it', async () => {
    const informed: string[] = [];
    const client = await connectClient(
      world(),
      answering((exchange) => {
        if (exchange.target === '/no') exchange.respond({ status: 403, fields: [] });
        else void collect(exchange.body).then(({ text }) => exchange.respond(OK, text));
      }),
    );
    for (const path of ['/yes', '/no']) {
      const stream = client.request({ ':method': 'POST', ':path': path, expect: '100-continue' });
      stream.on('continue', () => {
        informed.push(path);
        stream.end('body');
      });
      const answer = await answerOf(stream);
      expect(answer.status).toBe(path === '/yes' ? 200 : 403);
    }
    expect(informed).toEqual(['/yes']);
  });

  test.each([
    ['HEAD', 200, '5'],
    ['GET', 204, undefined],
    ['GET', 304, undefined],
  ])('sends no body in answer to %s with %i', async (method, status, length) => {
    for (const way of ['respond', 'stream'] as const) {
      const client = await connectClient(
        world(),
        answering((exchange) => {
          if (way === 'respond') {
            exchange.respond({ status, fields: [] }, 'hello');
          } else {
            const body = exchange.stream({ status, fields: [] });
            body.write(Buffer.from('hello'));
            body.end();
          }
        }),
      );
      const answer = await send(client, { ':method': method });
      expect(answer).toMatchObject({ status, body: '', rstCode: 0 });
      expect(answer.headers['content-length']).toBe(way === 'respond' ? length : undefined);
    }
  });

  test('leaves out what belongs to a connection of HTTP/1', async () => {
    const client = await connectClient(
      world(),
      answering((exchange) => {
        const fields = ['connection', 'close', 'keep-alive', 'timeout=5', 'x-a', '1', 'x-a', '2'];
        exchange.respond({
          status: 200,
          fields: [...fields, 'set-cookie', 'a', 'set-cookie', 'b'],
        });
      }),
    );
    const { headers } = await send(client);
    expect(headers).toMatchObject({ 'x-a': '1, 2', 'set-cookie': ['a', 'b'] });
    expect(Object.keys(headers)).not.toContain('connection');
    expect(Object.keys(headers)).not.toContain('keep-alive');
  });

  test('stops the peer while nobody takes the body, and whoever answers while the peer takes nothing', async () => {
    let exchange: HttpExchange | undefined;
    const place = world();
    const client = await connectClient(
      place,
      answering((made) => {
        exchange = made;
      }),
    );
    const stream = client.request({ ':method': 'POST' });
    stream.on('error', () => undefined);
    stream.pause();
    stream.write(Buffer.alloc(1_000_000));
    await place.elapse(10);
    expect(client.state.remoteWindowSize).toBeDefined();
    // No more than the window has left the client.
    expect(stream.bufferSize).toBeGreaterThan(900_000);

    const body = exchange?.stream(OK);
    let drained = 0;
    let writes = 0;
    while (body?.write(Buffer.alloc(16_384)) && writes < 1_000) writes += 1;
    body?.onceDrained(() => {
      drained += 1;
    });
    await place.elapse(10);
    expect(writes).toBeLessThan(20);
    expect(drained).toBe(0);
    stream.resume();
    await place.elapse(10);
    expect(drained).toBe(1);
    client.destroy();
  });

  test('ends both ways when the peer resets the stream', async () => {
    const heard: string[] = [];
    const place = world();
    const client = await connectClient(
      place,
      answering((exchange) => {
        if (exchange.method === 'GET') {
          exchange.respond(OK);
          return;
        }
        exchange.onGone((reason) => void heard.push(reason.message));
        exchange.signal.addEventListener('abort', () => void heard.push('signal'));
        void exchange.done.then(() => heard.push(`done, gone: ${exchange.gone}`));
        collect(exchange.body).catch((error: Error) => heard.push(error.message));
      }),
    );
    const stream = client.request({ ':method': 'POST' });
    stream.on('error', () => undefined);
    stream.write('begin');
    await place.elapse(10);
    // Its `close` would send the end of the stream first.
    stream.destroy(new Error('enough'));
    await place.elapse(10);
    expect(heard.toSorted()).toEqual([
      'Cannot finish the answer as the peer is gone',
      'Cannot read the request body as the peer has left',
      'done, gone: true',
      'signal',
    ]);
    expect(place.reports.problems).toEqual([]);
    expect((await send(client)).rstCode).toBe(0);
  });

  test('keeps a body that has arrived whole when the peer leaves', async () => {
    let exchange: HttpExchange | undefined;
    const place = world();
    const client = await connectClient(
      place,
      answering((made) => {
        exchange = made;
      }),
    );
    const stream = client.request({ ':method': 'POST', 'content-length': 5 });
    stream.on('error', () => undefined);
    stream.end('hello');
    await place.elapse(10);
    client.destroy();
    await place.elapse(10);
    expect(exchange?.gone).toBe(true);
    expect(await collect((exchange as HttpExchange).body)).toMatchObject({ text: 'hello' });
  });

  test('shows the peer that an answer was given up', async () => {
    const place = world();
    const client = await connectClient(
      place,
      answering((exchange) => {
        const body = exchange.stream(OK);
        body.write(Buffer.from('half'));
        body.abort(new Error('no more'));
      }),
    );
    expect((await send(client)).rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR);
    expect(place.reports.problems).toEqual([]);
  });

  test.each([
    ['longer', 'content-length', '2'],
    ['shorter', 'content-length', '9'],
  ])('resets an answer that is %s than it promised, and reports it', async (_, name, value) => {
    const place = world();
    const client = await connectClient(
      place,
      answering((exchange) => {
        const body = exchange.stream({ status: 200, fields: [name, value] });
        body.write(Buffer.from('hello'));
        body.end();
      }),
    );
    expect((await send(client)).rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR);
    expect(place.reports.problems).toHaveLength(1);
  });

  test('answers once, and never gives its connection away', async () => {
    const errors: unknown[] = [];
    const client = await connectClient(
      world(),
      answering((exchange) => {
        try {
          exchange.takeOver({ name: 'other', buildProtocol: () => undefined });
        } catch (thrown) {
          errors.push((thrown as { code: string }).code);
        }
        exchange.respond(OK, 'once');
        try {
          exchange.respond(OK, 'twice');
        } catch (thrown) {
          errors.push((thrown as { code: string }).code);
        }
      }),
    );
    expect((await send(client)).body).toBe('once');
    expect(errors).toEqual(['HAWSER_NOT_AVAILABLE', 'HAWSER_BUSY']);
  });

  test('is not gone once its answer has left, of whatever size and with or without a body', async () => {
    const heard: string[] = [];
    const place = world();
    const client = await connectClient(
      place,
      answering((exchange) => {
        exchange.onGone(() => void heard.push('gone'));
        exchange.signal.addEventListener('abort', () => void heard.push('aborted'));
        void exchange.done.then(() => heard.push(`done ${exchange.gone}`));
        if (exchange.method === 'GET')
          exchange.respond(OK, exchange.target === '/' ? 'a' : Buffer.alloc(90_000));
        else void collect(exchange.body).then(({ text }) => exchange.respond(OK, text));
      }),
    );
    await Promise.all([
      send(client),
      send(client, { ':path': '/large' }),
      send(client, { ':method': 'POST' }, 'a'),
      send(client, { ':method': 'POST' }, Buffer.alloc(90_000)),
    ]);
    await place.elapse(10);
    client.destroy();
    await place.elapse(10);
    expect(heard).toEqual(['done false', 'done false', 'done false', 'done false']);
  });

  test('stays open for an answer when the first one cannot be sent', async () => {
    const place = world();
    const client = await connectClient(
      place,
      answering((exchange) => {
        expect(() => exchange.respond({ status: 200, fields: ['x-a', 'a\nb'] })).toThrow(TypeError);
        expect(() => exchange.respond({ status: 200, fields: ['x a', 'b'] })).toThrow(TypeError);
        expect(() => exchange.respond({ status: 101, fields: [] })).toThrow(RangeError);
        exchange.respond({ status: 500, fields: [] }, 'sorry');
      }),
    );
    expect(await send(client)).toMatchObject({ status: 500, body: 'sorry' });
  });

  test('carries bodies larger than every window both ways, cut at random places', async () => {
    const place = world(3);
    const client = await connectClient(place, answering(echoBody));
    const sent = Buffer.alloc(700_000, 'abcdefghijk');
    const answer = await send(client, { ':method': 'POST' }, sent);
    expect(answer.rstCode).toBe(0);
    expect(answer.body.length).toBe(sent.length);
    expect(answer.body === sent.toString()).toBe(true);
  });

  test('gives whoever takes its body a piece at a time all that has come as the next piece', async () => {
    const pieces: number[] = [];
    const place = world();
    const client = await connectRaw(
      place,
      answering((exchange) => {
        exchange.body.consume({
          data(chunk) {
            pieces.push(chunk.length);
            exchange.body.pause();
            exchange.transport.reactor.clock.callLater(5, () => exchange.body.resume());
          },
          end: () => exchange.respond(OK),
          failed: () => undefined,
        });
      }),
    );
    const data = Array.from({ length: 4 }, () => frame('data', 1, Buffer.alloc(10)));
    client.send(headers(1, request('POST'), 0), ...data);
    await place.elapse(20);
    expect(pieces.reduce((sum, each) => sum + each)).toBe(40);
    expect(pieces.length).toBeLessThan(3);
    client.send(frame('data', 1, [1], { flags: Flag.EndStream }));
    await place.elapse(20);
    expect(pieces.at(-1)).toBe(1);
    expect(client.outcome.answered).toEqual([1]);
  });

  test('refuses 2xx to CONNECT, which would open a tunnel that nobody serves', async () => {
    const codes: unknown[] = [];
    const client = await connectClient(
      world(),
      answering((exchange) => {
        try {
          exchange.respond(OK);
        } catch (thrown) {
          codes.push((thrown as { code: string }).code);
          exchange.respond({ status: 405, fields: [] });
        }
      }),
    );
    const connect = { ':method': 'CONNECT', ':authority': 'hawser.example:443' };
    const answer = await answerOf(client.request(connect));
    expect(answer.status).toBe(405);
    expect(codes).toEqual(['HAWSER_NOT_AVAILABLE']);
  });

  test('that is answered before its body has come ends without an error, and the connection goes on', async () => {
    const client = await connectClient(
      world(),
      answering((exchange) => exchange.respond({ status: 413, fields: [] }, 'too much')),
    );
    const answer = await send(client, { ':method': 'POST' }, Buffer.alloc(1_000_000));
    expect(answer).toMatchObject({ status: 413, body: 'too much', rstCode: 0 });
    expect((await send(client)).status).toBe(413);
  });

  test('a responder that throws is answered for, and the connection goes on', async () => {
    const place = world();
    const client = await connectClient(
      place,
      answering((exchange) => {
        if (exchange.target === '/late') exchange.stream(OK).write(Buffer.from('half'));
        if (exchange.target !== '/') throw new Error('oops');
        exchange.respond(OK);
      }),
    );
    expect(await send(client, { ':path': '/early' })).toMatchObject({ status: 500, rstCode: 0 });
    const late = await send(client, { ':path': '/late' });
    expect(late.rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR);
    expect((await send(client)).status).toBe(200);
    expect(place.reports.problems).toHaveLength(2);
  });
});
