import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { HttpRequestError, type Progress } from '../../src/index.ts';
import { type StubReply, StubServer, type TestClient, testClient } from '../../testing/index.ts';
import { failureOf } from './failure-of.ts';

type Asking = TestClient & { readonly stub: StubServer };

function asking(...replies: StubReply[]): Asking {
  const stub = new StubServer();
  stub.expect('*').reply(...replies);
  return Object.assign(testClient(stub), { stub });
}

async function* pieces(...given: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  yield* given;
}

describe('a body', () => {
  test.each([
    ['text', () => 'hällo', 'hällo', '6', 'text/plain;charset=UTF-8'],
    ['bytes', () => Buffer.from('abc'), 'abc', '3', null],
    ['a view', () => new DataView(new Uint8Array([97, 98, 99]).buffer, 1, 1), 'b', '1', null],
    ['an ArrayBuffer', () => new Uint8Array([97]).buffer, 'a', '1', null],
    [
      'parameters',
      () => new URLSearchParams({ a: '1 2' }),
      'a=1+2',
      '5',
      'application/x-www-form-urlencoded;charset=UTF-8',
    ],
    ['a blob', () => new Blob(['abc'], { type: 'a/b' }), 'abc', '3', 'a/b'],
    ['an iterable', () => pieces('a', Buffer.from('b')), 'ab', null, null],
    ['a node stream', () => Readable.from(['a', 'b']), 'ab', null, null],
    ['a web stream', () => new Blob(['ab']).stream(), 'ab', null, null],
    ['a function', () => () => pieces('x'), 'x', null, null],
    ['nothing', () => null, '', '0', null],
  ])('of %s is sent', async (_, make, text, length, type) => {
    await using client = asking({});
    await client.post('/', { body: make() });
    const [request] = client.stub.requests;
    expect(request?.text).toBe(text);
    expect(request?.headers.get('content-length')).toBe(length);
    expect(request?.headers.get('transfer-encoding')).toBe(length === null ? 'chunked' : null);
    expect(request?.headers.get('content-type')).toBe(type);
  });

  test('of a form with files is read by the standard', async () => {
    const form = new FormData();
    form.append('na"me', 'a\nb');
    form.append('file', new File(['content'], 'ä".txt', { type: 'text/plain' }));
    await using client = asking({});
    await client.post('/', { body: form });
    const [request] = client.stub.requests;
    expect(request?.headers.get('content-length')).toBe(String(request?.body.length));
    const headers = { 'content-type': request?.headers.get('content-type') ?? '' };
    const read = await new Response(new Uint8Array(request?.body ?? []), { headers }).formData();
    expect(read.get('na"me')).toBe('a\r\nb');
    const file = read.get('file') as File;
    expect([file.name, file.type, await file.text()]).toEqual(['ä".txt', 'text/plain', 'content']);
  });

  test('of a form is url-encoded', async () => {
    await using client = asking({});
    await client.post('/', { form: { a: '1&2', b: [1, true] } });
    expect(client.stub.requests[0]?.text).toBe('a=1%262&b=1&b=true');
  });

  test.each([
    ['GET with a body', { method: 'GET', body: 'x' }],
    ['two bodies', { method: 'POST', body: 'x', json: 1 }],
    ['a header that would end its line', { headers: { a: 'b\r\nc: d' } }],
    ['no method', { method: 'GET /' }],
  ])('with %s is refused before anything is sent', async (_, options) => {
    await using client = asking({});
    await expect(client.request('/', options)).rejects.toThrow(/^Cannot /);
    expect(client.stub.connections).toBe(0);
  });

  test('in chunks is followed by the fields that are asked for after it', async () => {
    const stub = new StubServer();
    stub.expect('PUT').always({ body: 'ok' });
    await using client = testClient(stub);
    let sum = 0;
    async function* pieces(): AsyncGenerator<string> {
      for (sum = 1; sum < 4; sum++) yield String(sum);
    }
    const trailers = (): Record<string, string> => ({ 'x-sum': String(sum) });
    await client.put('/', { body: pieces(), trailers });
    await client.put('/', { body: 'with a length', trailers });
    expect(stub.requests.map((request) => [request.text, request.trailers])).toEqual([
      ['123', ['x-sum', '4']],
      ['with a length', []],
    ]);
    const broken = (): never => {
      throw new Error('no sum');
    };
    const failed = client.put('/', { body: pieces(), trailers: broken });
    await expect(failed).rejects.toMatchObject({ code: 'HAWSER_HTTP_UPLOAD' });
  });

  test('is sent no faster than it is taken', async () => {
    let taken = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        taken += 16_384;
        yield new Uint8Array(16_384);
      }
    }
    let stop = false;
    await using client = testClient(async (request) => {
      const reader = (request.body as ReadableStream<Uint8Array>).getReader();
      await reader.read();
      while (!stop) await new Promise<void>((done) => client.reactor.clock.callLater(100, done));
      return new Response('enough');
    });
    const text = client
      .post('/', { body: endless(), timeouts: { bodyIdleMs: 0 } })
      .addCallback((response) => response.text());
    await client.elapse(1_000);
    const before = taken;
    expect(before).toBeLessThan(1_000_000);
    await client.elapse(10_000);
    expect(taken).toBe(before);
    stop = true;
    await client.elapse(100);
    expect(await text).toBe('enough');
  });

  test('that the server refuses early is stopped, and the refusal is the answer', async () => {
    let closed = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield new Uint8Array(16_384);
      } finally {
        closed = true;
      }
    }
    await using client = asking({ status: 413, body: 'too much', early: true, end: 'close' });
    const response = await client.post('/', { body: endless() });
    expect([response.status, await response.text()]).toEqual([413, 'too much']);
    await client.reactor.clock.settle();
    expect(closed).toBe(true);
    expect(client.status.connections).toBe(0);
  });

  test('may go on while the answer comes', async () => {
    await using client = testClient((request) => new Response(request.body));
    const sent: string[] = [];
    async function* talk(): AsyncGenerator<string> {
      for (const word of ['one', 'two', 'three']) {
        sent.push(word);
        yield word;
        await new Promise<void>((done) => client.reactor.clock.callLater(100, done));
      }
    }
    const response = await client.post('/', { body: talk() });
    const reader = response.stream.getReader();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('one');
    expect(sent).toEqual(['one']);
    const next = reader.read();
    await client.elapse(100);
    expect(Buffer.from((await next).value ?? []).toString()).toBe('two');
    const rest = reader.read();
    await client.elapse(200);
    expect(Buffer.from((await rest).value ?? []).toString()).toBe('three');
    expect((await reader.read()).done).toBe(true);
    await client.reactor.clock.settle();
    expect(client.status.idle).toBe(1);
  });

  test('whose source fails fails the request', async () => {
    async function* broken(): AsyncGenerator<string> {
      yield 'a';
      throw new Error('disk');
    }
    await using client = asking({});
    const error = await client.put('/', { body: broken }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(HttpRequestError);
    expect(error).toMatchObject({ code: 'HAWSER_HTTP_UPLOAD', cause: { message: 'disk' } });
    await client.elapse(10_000);
    expect(client.stub.requests.filter(({ complete }) => complete)).toEqual([]);
    expect(client.status.connections).toBe(0);
  });

  test('of which the source gives other things than bytes fails', async () => {
    await using client = asking({});
    const body = pieces(7 as unknown as string);
    await expect(client.post('/', { body })).rejects.toMatchObject({ code: 'HAWSER_HTTP_UPLOAD' });
  });

  test('waits for 100 if it is told so', async () => {
    await using client = asking({ body: 'ok' });
    await client.post('/', { body: 'content', expectContinue: true });
    const [request] = client.stub.requests;
    expect([request?.headers.get('expect'), request?.text]).toEqual(['100-continue', 'content']);
    expect(client.reactor.clock.now()).toBe(0);
  });

  test('is sent without 100 after a while', async () => {
    let heard = '';
    await using client = testClient({
      name: 'old',
      buildProtocol: () => {
        let transport: { write(data: Uint8Array): boolean } | undefined;
        return {
          connectionMade: (made) => {
            transport = made;
          },
          dataReceived: (data) => {
            heard += data.toString('latin1');
            if (heard.endsWith('content')) {
              transport?.write(Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
            }
          },
        };
      },
    });
    const asked = client.post('/', { body: 'content', expectContinue: 500 });
    await client.elapse(499);
    expect(heard).not.toContain('content\u0000');
    expect(heard.endsWith('\r\n\r\n')).toBe(true);
    await client.elapse(1);
    expect((await asked).status).toBe(200);
  });

  test('is not sent if the server refuses instead of 100', async () => {
    let opened = false;
    async function* body(): AsyncGenerator<string> {
      opened = true;
      yield 'a';
    }
    await using client = asking({ status: 401, early: true });
    expect((await client.put('/', { body: body(), expectContinue: true })).status).toBe(401);
    await client.elapse(10_000);
    expect(opened).toBe(false);
    expect(client.status.connections).toBe(0);
  });

  test('tells how far it is, now and then', async () => {
    const heard: Progress[] = [];
    await using client = testClient(async (request) => new Response(await request.text()));
    async function* slow(): AsyncGenerator<string> {
      for (let at = 0; at < 30; at++) {
        yield 'x'.repeat(10);
        await new Promise<void>((done) => client.reactor.clock.callLater(10, done));
      }
    }
    const asked = client.post('/', { body: slow, onProgress: (progress) => heard.push(progress) });
    await client.elapse(400);
    await (await asked).text();
    const up = heard.filter(({ direction }) => direction === 'up');
    expect(up.length).toBeLessThan(6);
    expect(up.at(-1)).toEqual({ direction: 'up', bytes: 300, total: undefined, done: true });
    const down = heard.filter(({ direction }) => direction === 'down');
    expect(down.at(-1)).toEqual({ direction: 'down', bytes: 300, total: 300, done: true });
  });
});

describe('a stream that nobody wants any more', () => {
  const stalled = (): { body: ReadableStream<Uint8Array>; ended: () => boolean } => {
    let ended = false;
    const body = new ReadableStream<Uint8Array>(
      {
        pull: () => new Promise(() => undefined),
        cancel: () => {
          ended = true;
        },
      },
      { highWaterMark: 0 },
    );
    return { body, ended: () => ended };
  };
  const idle = (): { body: Readable; ended: () => boolean } => {
    const body = new Readable({ read: () => undefined });
    return { body, ended: () => body.destroyed };
  };

  test.each([
    ['web', stalled],
    ['node', idle],
  ])('is ended while its next piece is waited for (%s)', async (_, make) => {
    const { body, ended } = make();
    await using client = asking('silence');
    const asked = client.post('/', { body });
    const failed = failureOf(asked);
    await client.elapse(10);
    expect(ended()).toBe(false);
    asked.cancel();
    expect(await failed).toMatchObject({ code: 'HAWSER_CANCELLED' });
    await client.elapse(0);
    expect(ended()).toBe(true);
  });

  test.each([
    ['web', stalled],
    ['node', idle],
  ])('is ended when no connection can be made (%s)', async (_, make) => {
    const { body, ended } = make();
    await using client = testClient(new StubServer(), { endpoint: 'nonsense:' });
    await failureOf(client.post('/', { body }));
    expect(ended()).toBe(true);
  });

  test('is ended when a redirect has no use for it, or nobody asks for it', async () => {
    const early = { early: true } as const;
    const away = { status: 303, headers: { location: '/b' } };
    await using client = asking({ ...away, ...early }, {}, { status: 417, ...early });
    for (const status of [200, 417]) {
      const { body, ended } = stalled();
      const response = await client.post('/', { body, expectContinue: true });
      expect([response.status, ended()]).toEqual([status, true]);
    }
  });
});
