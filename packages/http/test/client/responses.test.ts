import { chunkings } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { HttpRequestError, HttpResponseError } from '../../src/index.ts';
import { type StubReply, StubServer, type TestClient, testClient } from '../../testing/index.ts';

function asking(...replies: StubReply[]): TestClient & { readonly stub: StubServer } {
  const stub = new StubServer();
  stub.expect('*').reply(...replies);
  return Object.assign(testClient(stub), { stub });
}

/** What a whole request comes to: its text, or the code of its error. */
async function outcome(client: TestClient, method = 'GET'): Promise<string> {
  try {
    return await (await client.request('/', { method })).text();
  } catch (error) {
    if (error instanceof HttpRequestError) return `${error.code} ${error.phase}`;
    if (error instanceof HttpResponseError) return `${error.code} ${error.phase} ${error.reason}`;
    throw error;
  }
}

const CRLF = '\r\n';
const head = (...lines: string[]): string => ['HTTP/1.1 200 OK', ...lines, '', ''].join(CRLF);

describe('a response', () => {
  const whole: readonly [name: string, raw: string, text: string][] = [
    ['with a length', `${head('content-length: 5')}hello`, 'hello'],
    ['in chunks', `${head('transfer-encoding: chunked')}2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n`, 'hello'],
    [
      'in chunks with extensions and trailers',
      `${head('transfer-encoding: chunked')}5;a=b\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n`,
      'hello',
    ],
    ['without a body', head('content-length: 0'), ''],
    [
      'after interim ones',
      `HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n${head('content-length: 2')}ok`,
      'ok',
    ],
  ];

  test.each(whole)('%s arrives as a whole however it is cut', async (_, raw, text) => {
    for (const pieces of chunkings(Buffer.from(raw, 'latin1'))) {
      await using client = asking({ raw: pieces });
      expect(await outcome(client)).toBe(text);
      expect(client.status).toMatchObject({ connections: 1, idle: 1 });
    }
  });

  test.each(whole)('%s that is cut off is an error, and never half of it', async (_, raw, text) => {
    for (const end of ['close', 'reset'] as const) {
      for (let at = 0; at < raw.length; at++) {
        await using client = asking({ raw: raw.slice(0, at), end });
        expect(await outcome(client)).toMatch(/^HAWSER_HTTP_INCOMPLETE (head|body)$/);
        await client.reactor.clock.settle();
        expect(client.connections.size).toBe(0);
      }
      await using client = asking({ raw, end });
      expect([text, 'HAWSER_HTTP_INCOMPLETE body', 'HAWSER_HTTP_INCOMPLETE head']).toContain(
        await outcome(client),
      );
    }
  });

  test('without a length ends with its connection, if that ends well', async () => {
    const raw = `HTTP/1.0 200 OK\r\n\r\nhello`;
    await using client = asking({ raw, end: 'close' });
    expect(await outcome(client)).toBe('hello');
    await client.reactor.clock.settle();
    expect(client.status.connections).toBe(0);
  });

  test('without a length is no whole one if the connection breaks', async () => {
    const reply: StubReply = { raw: ['HTTP/1.1 200 OK\r\n\r\n', 'hel'], end: 'reset' };
    await using client = asking(reply);
    expect(await outcome(client)).toBe('HAWSER_HTTP_INCOMPLETE body');
  });

  test('to HEAD has no body whatever it says', async () => {
    await using client = asking({ body: 'hello' }, { body: 'there' });
    const response = await client.head('/');
    expect(response.headers.get('content-length')).toBe('5');
    expect(response.body).toBeNull();
    expect(await response.text()).toBe('');
    expect(await outcome(client)).toBe('there');
    expect(client.stub.connections).toBe(1);
  });

  test.each([204, 304])('with %i has none', async (status) => {
    await using client = asking({ status }, { body: 'next' });
    const response = await client.get('/');
    expect([response.status, response.body, await response.text()]).toEqual([status, null, '']);
    expect(await outcome(client)).toBe('next');
    expect(client.stub.connections).toBe(1);
  });

  test('of an HTTP/1.0 server keeps the connection only if it says so', async () => {
    await using client = asking(
      { version: '1.0', headers: { connection: 'keep-alive' }, body: 'a' },
      { version: '1.0', body: 'b' },
      { body: 'c' },
    );
    const texts = [await outcome(client), await outcome(client), await outcome(client)];
    expect(texts).toEqual(['a', 'b', 'c']);
    expect(client.stub.requests.map(({ connection }) => connection)).toEqual([1, 1, 2]);
  });

  test('tells interim responses and trailers', async () => {
    const reply: StubReply = {
      interim: [[103, { link: '</a.css>' }]],
      body: ['a', 'b'],
      framing: 'chunked',
      trailers: { 'x-sum': '2' },
    };
    await using client = asking(reply);
    const heard: unknown[] = [];
    const response = await client.get('/', {
      onInterim: (status, fields) => heard.push([status, ...fields]),
    });
    expect(heard).toEqual([[103, 'link', '</a.css>']]);
    expect(response.trailers.get('x-sum')).toBeNull();
    expect(await response.text()).toBe('ab');
    expect(response.trailers.get('x-sum')).toBe('2');
  });

  test.each([
    ['no status line', 'hello\r\n\r\n', 'bad-status-line'],
    ['another version', 'HTTP/2.0 200 OK\r\n\r\n', 'unsupported-version'],
    ['a field without colon', head('nonsense'), 'missing-colon'],
    ['two lengths', head('content-length: 1', 'content-length: 2'), 'duplicate-content-length'],
    [
      'length and chunks',
      head('content-length: 1', 'transfer-encoding: chunked'),
      'length-and-chunked',
    ],
    [
      'a switch nobody wanted',
      'HTTP/1.1 101 Go\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
      'unexpected-switch',
    ],
    ['too long a head', head(`x: ${'a'.repeat(20_000)}`), 'head-too-long'],
  ])('with %s is refused', async (_, raw, reason) => {
    await using client = asking({ raw });
    expect(await outcome(client)).toBe(`HAWSER_HTTP_MALFORMED head ${reason}`);
    await client.reactor.clock.settle();
    expect(client.connections.size).toBe(0);
  });

  test('whose chunks are broken is an error of the body', async () => {
    await using client = asking({ raw: `${head('transfer-encoding: chunked')}zz\r\n` });
    expect(await outcome(client)).toBe('HAWSER_HTTP_MALFORMED body bad-chunk-size');
  });

  test('can be read as everything a Response can', async () => {
    const body = '{"a":"ü"}';
    await using client = asking(...Array.from({ length: 7 }, () => ({ body })));
    const bytes = Buffer.from(body);
    expect(await (await client.get('/')).json()).toEqual({ a: 'ü' });
    expect(Buffer.from(await (await client.get('/')).bytes())).toEqual(bytes);
    expect(Buffer.from(await (await client.get('/')).arrayBuffer())).toEqual(bytes);
    expect(await (await (await client.get('/')).blob()).text()).toBe(body);
    expect(await new Response((await client.get('/')).body).text()).toBe(body);
    const response = await client.get('/');
    expect(response).toBeInstanceOf(Response);
    const clone = response.clone();
    expect(await response.text()).toBe(body);
    expect(await clone.text()).toBe(body);
    expect(response.bodyUsed).toBe(true);
    await expect(response.text()).rejects.toThrow(TypeError);
  });

  test('is decoded by its charset', async () => {
    const headers = { 'content-type': 'text/plain; charset=iso-8859-1' };
    await using client = asking({ headers, body: Buffer.from([0xe9]) });
    expect(await outcome(client)).toBe('é');
  });

  test('gives its lines as they come, of bounded length', async () => {
    await using client = asking(
      { body: 'one\r\ntwo\n\nlast' },
      { body: `ok\n${'x'.repeat(11)}\n` },
    );
    const lines: string[] = [];
    for await (const line of (await client.get('/')).lines({ max: 10 })) lines.push(line);
    expect(lines).toEqual(['one', 'two', '', 'last']);
    const endless = (await client.get('/')).lines({ max: 10 });
    expect((await endless.next()).value).toBe('ok');
    await expect(endless.next()).rejects.toMatchObject({ code: 'HAWSER_LINE_TOO_LONG' });
  });

  test('is held up to a limit only', async () => {
    const long = 'x'.repeat(1_001);
    const replies: StubReply[] = [
      { body: long },
      { body: [long], framing: 'chunked' },
      { body: long },
    ];
    await using client = asking(...replies);
    for (const _ of [1, 2]) {
      const response = await client.get('/');
      await expect(response.collect({ maxBytes: 1_000 })).rejects.toMatchObject({
        code: 'HAWSER_HTTP_BODY_TOO_LARGE',
      });
    }
    const response = await client.get('/', { maxBodyBytes: 1_001 });
    expect(await response.text()).toBe(long);
  });

  test('that nobody reads is left in the socket', async () => {
    let written = 0;
    const endless = (): Response =>
      new Response(
        new ReadableStream({
          pull(controller) {
            written += 65_536;
            controller.enqueue(new Uint8Array(65_536));
          },
        }),
      );
    await using client = testClient(endless);
    const response = await client.get('/');
    await client.elapse(1_000);
    const before = written;
    expect(before).toBeLessThan(2_000_000);
    await client.elapse(10_000);
    expect(written).toBe(before);
    const reader = response.stream.getReader();
    for (let read = 0; read < 5_000_000; ) read += (await reader.read()).value?.length ?? 0;
    expect(written).toBeGreaterThan(5_000_000);
    const paused = written;
    await client.elapse(10_000);
    expect(written - paused).toBeLessThan(2_000_000);
    await reader.cancel();
    await client.elapse(0);
    expect(client.status.connections).toBe(0);
  });

  test('that is discarded ends for whoever has its stream', async () => {
    await using client = asking({ body: ['a', 'b'], pieceDelayMs: 1_000 });
    const response = await client.get('/');
    const { stream } = response;
    response.discard();
    expect((await stream.getReader().read()).done).toBe(true);
    await expect(response.text()).rejects.toThrow(TypeError);
    await client.elapse(1_000);
    expect(client.status.idle).toBe(1);
  });

  test('tells when what happened', async () => {
    await using client = asking({ delayMs: 50, body: ['a', 'b'], pieceDelayMs: 30 });
    const asked = client.get('/');
    await client.elapse(50);
    const response = await asked;
    expect(response.timings).toMatchObject({
      startedAt: 0,
      headAt: 50,
      attempts: 1,
      reused: false,
    });
    expect(response.timings.endedAt).toBeUndefined();
    const text = response.text();
    await client.elapse(30);
    expect(await text).toBe('ab');
    expect(response.timings.endedAt).toBe(80);
  });

  test('that is discarded fails for whoever still reads it', async () => {
    const body = ['a', 'b'];
    await using client = asking({ body, pieceDelayMs: 1_000 }, { body, pieceDelayMs: 1_000 });
    const streamed = await client.get('/');
    const reader = streamed.stream.getReader();
    await reader.read();
    const next = reader.read();
    streamed.discard();
    await expect(next).rejects.toMatchObject({ code: 'HAWSER_HTTP_INCOMPLETE' });
    const collected = await client.get('/');
    const text = collected.text();
    collected.discard();
    await expect(text).rejects.toMatchObject({ code: 'HAWSER_CANCELLED' });
  });
});
