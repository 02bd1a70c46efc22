import { Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { createTestReactor } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { type CompressionOptions, compression } from '../../src/delivery/compression.ts';
import { HttpError } from '../../src/http-error.ts';
import { HttpResponse } from '../../src/web/http-response.ts';
import { get, makeContext } from '../static/site.ts';

const TEXT = 'All work and no play makes Jack a dull boy.\n'.repeat(100);
const LONG = TEXT.repeat(100);

/** A context whose calls for later come in the next turn of the real loop. */
function soonContext(
  signal: AbortSignal = new AbortController().signal,
): ReturnType<typeof makeContext> {
  const reactor = createTestReactor();
  const callSoon = (call: () => void): void => void setImmediate(call);
  const clock = Object.assign(Object.create(reactor.clock), { callSoon });
  return makeContext({ ...reactor, clock }, { signal });
}

function answerOf(
  response: Response | Promise<Response>,
  {
    accept = 'gzip',
    method = 'GET',
    ...options
  }: CompressionOptions & { accept?: string | null; method?: string } = {},
): Response | Promise<Response> {
  const request = get('/', accept === null ? {} : { 'accept-encoding': accept }, method);
  return compression(options)(request, () => response, soonContext());
}

async function unpacked(response: Response): Promise<string> {
  const bytes = Buffer.from(await response.arrayBuffer());
  switch (response.headers.get('content-encoding')) {
    case 'gzip':
      return String(zlib.gunzipSync(bytes));
    case 'br':
      return String(zlib.brotliDecompressSync(bytes));
    case null:
      return String(bytes);
    default:
      throw new Error('unknown coding');
  }
}

async function* piecesOf(text: string, size = 1000): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

describe('a body is compressed whatever it is made of', () => {
  const html = { headers: { 'content-type': 'text/html' } };
  test.each<[what: string, make: (text: string) => Response]>([
    ['text', (text) => new HttpResponse(text, html)],
    ['bytes', (text) => new HttpResponse(Buffer.from(text), html)],
    ['an iterable', (text) => new HttpResponse(piecesOf(text), html)],
    ['a node stream', (text) => new HttpResponse(Readable.from(piecesOf(text)), html)],
    ['a standard response', (text) => new Response(text, html)],
    ['a standard stream', (text) => new Response(new Blob([text]).stream(), html)],
  ])('%s', async (_, make) => {
    for (const text of [TEXT, LONG]) {
      for (const coding of ['gzip', 'br']) {
        const response = await answerOf(make(text), { accept: coding });
        expect(response.headers.get('content-encoding')).toBe(coding);
        expect(response.headers.get('vary')).toBe('accept-encoding');
        expect(response.headers.get('content-length')).toBeNull();
        expect(await unpacked(response)).toBe(text);
      }
    }
  });

  test('what is there now and short is answered now', () => {
    expect(answerOf(HttpResponse.text(TEXT))).toBeInstanceOf(HttpResponse);
    expect(answerOf(HttpResponse.text('short'))).toBeInstanceOf(HttpResponse);
    expect(answerOf(HttpResponse.text(LONG))).toBeInstanceOf(Promise);
  });
});

test.each<[accept: string | null, coding: string | null]>([
  ['gzip, deflate, br', 'br'],
  ['gzip, br;q=0.5', 'gzip'],
  ['x-gzip', 'gzip'],
  ['*', 'br'],
  ['br;q=0, *', null],
  ['deflate', null],
  ['', null],
  [null, null],
  ['identity, gzip;q=0.5', null],
])('a peer that accepts %j gets %j', async (accept, coding) => {
  const codings = accept === 'br;q=0, *' ? (['br'] as const) : (['br', 'gzip'] as const);
  const response = await answerOf(HttpResponse.text(TEXT), { accept, codings });
  expect(response.headers.get('content-encoding')).toBe(coding);
  expect(response.headers.get('vary')).toBe('accept-encoding');
  expect(await unpacked(response)).toBe(TEXT);
});

test('a peer that refuses identity gets short answers compressed, or 406', async () => {
  const short = await answerOf(HttpResponse.text('hi'), { accept: 'gzip, identity;q=0' });
  expect(short.headers.get('content-encoding')).toBe('gzip');
  expect(await unpacked(short)).toBe('hi');
  expect(() => answerOf(HttpResponse.text('hi'), { accept: '*;q=0' })).toThrow(HttpError);
});

describe('is left as it is:', () => {
  const text = { 'content-type': 'text/plain' };
  test.each<[what: string, response: () => Response]>([
    ['what is short', () => HttpResponse.text('x'.repeat(1023))],
    ['a standard response that is short', () => new Response('x', { headers: text })],
    ['a short stream', () => new HttpResponse(piecesOf('short'), { headers: text })],
    [
      'a stream of which the length is told',
      () => new HttpResponse(piecesOf(TEXT), { headers: { ...text, 'content-length': '9' } }),
    ],
    ['a picture', () => new HttpResponse(TEXT, { headers: { 'content-type': 'image/png' } })],
    ['what has no type', () => new HttpResponse(Buffer.from(TEXT))],
    [
      'an event stream',
      () => new HttpResponse(TEXT, { headers: { 'content-type': 'text/event-stream' } }),
    ],
    [
      'what is packed already',
      () => new HttpResponse(TEXT, { headers: { ...text, 'content-encoding': 'br' } }),
    ],
    [
      'what must not be changed',
      () =>
        new HttpResponse(TEXT, { headers: { ...text, 'cache-control': 'private, No-Transform' } }),
    ],
    [
      'a part',
      () =>
        new HttpResponse(TEXT, {
          status: 206,
          headers: { ...text, 'content-range': 'bytes 0-1/2' },
        }),
    ],
    [
      'what has a digest',
      () => new HttpResponse(TEXT, { headers: { ...text, 'repr-digest': 'sha-256=:x:' } }),
    ],
    ['no content', () => new HttpResponse(null, { status: 204 })],
    ['no body', () => new HttpResponse(null, { headers: text })],
    ['no body in a standard response', () => new Response(null, { headers: text })],
  ])('%s', async (_, make) => {
    const response = await answerOf(make());
    const encoding = make().headers.get('content-encoding');
    expect(response.headers.get('content-encoding')).toBe(encoding);
    expect(await response.text()).toBe(await make().text());
  });
});

test('fields that speak of the bytes are changed with them, on a copy', async () => {
  const page = HttpResponse.text(TEXT, {
    headers: { etag: '"a"', vary: 'Accept', 'content-length': '4400', 'accept-ranges': 'bytes' },
  });
  const response = await answerOf(page);
  expect(response.headers.get('etag')).toBe('W/"a"');
  expect(response.headers.get('vary')).toBe('Accept, accept-encoding');
  expect(response.headers.get('content-length')).toBeNull();
  expect(response.headers.get('accept-ranges')).toBeNull();
  expect(page.headers.get('etag')).toBe('"a"');
  const not = await answerOf(HttpResponse.text(TEXT, { headers: { vary: '*' } }));
  expect(not.headers.get('vary')).toBe('*');
});

test('HEAD is answered with the head of GET', async () => {
  const response = await answerOf(HttpResponse.text(TEXT, { headers: { etag: '"a"' } }), {
    method: 'HEAD',
  });
  expect(response.headers.get('content-encoding')).toBe('gzip');
  expect(response.headers.get('etag')).toBe('W/"a"');
  expect(response.headers.get('content-length')).toBeNull();
  const headers = { 'content-type': 'text/plain', 'content-length': '10' };
  const short = await answerOf(new HttpResponse(null, { headers }), { method: 'HEAD' });
  expect(short.headers.get('content-length')).toBe('10');
  expect(short.headers.get('content-encoding')).toBeNull();
});

test('304 and 206 say what they depend on', async () => {
  for (const part of [
    new HttpResponse(null, { status: 304 }),
    new HttpResponse('a', { status: 206, headers: { 'content-range': 'bytes 0-0/5000' } }),
  ]) {
    const response = await answerOf(part);
    expect(response.headers.get('vary')).toBe('accept-encoding');
  }
});

test.each([
  ['W/"a"', 'W/"a"'],
  ['"b", W/"a"', 'W/"a"'],
  ['W/"a", "a"', '"a"'],
  ['*', '"a"'],
])('304 to a peer that knows %s names %s, for that to be kept', async (known, named) => {
  const request = get('/', { 'accept-encoding': 'gzip', 'if-none-match': known });
  const unchanged = new HttpResponse(null, { status: 304, headers: { etag: '"a"' } });
  const response = await compression()(request, () => unchanged, soonContext());
  expect(response.headers.get('etag')).toBe(named);
});

describe('what is not sent is let go of:', () => {
  function opened(): Readable {
    return new Readable({ read: () => undefined });
  }
  const html = { headers: { 'content-type': 'text/html' } };

  test('the body of an answer to HEAD', async () => {
    const stream = opened();
    const answer = await answerOf(new HttpResponse(stream, html), { method: 'HEAD' });
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(stream.destroyed).toBe(true);
    let cancelled = false;
    const body = new ReadableStream({ cancel: () => void (cancelled = true) });
    await answerOf(new Response(body, html), { method: 'HEAD' });
    expect(cancelled).toBe(true);
  });

  test('the body of an answer that the peer does not accept', () => {
    const stream = opened();
    const response = new HttpResponse(stream, html);
    expect(() => answerOf(response, { accept: 'identity;q=0' })).toThrow(HttpError);
    expect(stream.destroyed).toBe(true);
  });

  test('the body of an answer to a peer that has left before it was there', async () => {
    const stream = opened();
    const request = get('/', { 'accept-encoding': 'gzip' });
    const answer = compression()(
      request,
      () => new HttpResponse(stream, html),
      soonContext(AbortSignal.abort()),
    );
    await Promise.resolve(answer).catch(() => undefined);
    expect(stream.destroyed).toBe(true);
  });
});

describe('a stream', () => {
  test('leaves as far as it has come whenever its source makes a pause', async () => {
    for (const coding of ['gzip', 'br'] as const) {
      let go: (() => void) | undefined;
      const source = (async function* () {
        yield 'first,';
        await new Promise<void>((resolve) => {
          go = resolve;
        });
        yield 'second';
      })();
      const response = await answerOf(
        new HttpResponse(source, { headers: { 'content-type': 'text/plain' } }),
        { accept: coding },
      );
      const plain = coding === 'gzip' ? zlib.createGunzip() : zlib.createBrotliDecompress();
      const read: string[] = [];
      plain.on('data', (chunk: Buffer) => void read.push(String(chunk)));
      const reader = response.body?.getReader();
      while (!read.join('').includes('first,')) {
        plain.write((await reader?.read())?.value);
        await new Promise((resolve) => plain.flush(resolve as () => void));
        await new Promise(setImmediate);
      }
      expect(read.join('')).toBe('first,');
      go?.();
      for (let next = await reader?.read(); !next?.done; next = await reader?.read())
        plain.write(next?.value);
      await new Promise((resolve) => plain.end().once('end', resolve));
      expect(read.join('')).toBe('first,second');
    }
  });

  test('is read no faster than the peer takes it', async () => {
    let read = 0;
    const source = (async function* () {
      for (; read < 10_000; read++) yield zlib.constants.Z_OK === 0 ? noise(20_000) : '';
    })();
    const response = await answerOf(
      new HttpResponse(source, { headers: { 'content-type': 'text/plain' } }),
    );
    const reader = response.body?.getReader();
    await reader?.read();
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    expect(read).toBeLessThan(10);
    await reader?.cancel();
  });

  test('is told when the peer leaves, also while it waits', async () => {
    for (const waits of [false, true]) {
      let ended = false;
      const source = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(Buffer.from(TEXT)),
        pull: (controller) => {
          if (waits) return new Promise(() => undefined);
          controller.enqueue(Buffer.from(noise(20_000)));
          return undefined;
        },
        cancel: () => {
          ended = true;
        },
      });
      const response = await answerOf(
        new HttpResponse(source, { headers: { 'content-type': 'text/plain' } }),
      );
      const reader = response.body?.getReader();
      await reader?.read();
      await reader?.cancel();
      await new Promise(setImmediate);
      expect(ended).toBe(true);
    }
  });

  test('that fails makes the answer fail, before it begins and in the middle', async () => {
    const fails = async function* (pieces: number): AsyncGenerator<string> {
      for (let at = 0; at < pieces; at++) yield noise(20_000);
      throw new Error('broken');
    };
    const headers = { 'content-type': 'text/plain' };
    await expect(answerOf(new HttpResponse(fails(0), { headers }))).rejects.toThrow('broken');
    const response = await answerOf(new HttpResponse(fails(3), { headers }));
    await expect(response.text()).rejects.toThrow('broken');
  });

  test('the first piece of which is long in coming is given up with the peer', async () => {
    let ended = false;
    const source = new ReadableStream({ cancel: () => void (ended = true) });
    const peer = new AbortController();
    const answer = compression()(
      get('/', { 'accept-encoding': 'gzip' }),
      () => new HttpResponse(source, { headers: { 'content-type': 'text/plain' } }),
      soonContext(peer.signal),
    );
    await new Promise(setImmediate);
    peer.abort();
    await answer;
    expect(ended).toBe(true);
  });
});

test('options that make no sense are refused', () => {
  expect(() => compression({ thresholdBytes: -1 })).toThrow(RangeError);
  expect(() => compression({ levels: { gzip: 10 } })).toThrow(RangeError);
  expect(() => compression({ levels: { br: 1.5 } })).toThrow(RangeError);
});

test.runIf('createZstdCompress' in zlib)('zstd is offered where node has it', async () => {
  const { zstdDecompressSync: decompress } = zlib as unknown as {
    zstdDecompressSync: (bytes: Buffer) => Buffer;
  };
  for (const text of [TEXT, LONG]) {
    for (const body of [text, piecesOf(text)]) {
      const response = await answerOf(
        new HttpResponse(body, { headers: { 'content-type': 'text/plain' } }),
        { accept: 'zstd' },
      );
      expect(response.headers.get('content-encoding')).toBe('zstd');
      expect(String(decompress(Buffer.from(await response.arrayBuffer())))).toBe(text);
    }
  }
});

let seed = 1;

/** Text that compression makes little of. */
function noise(length: number): string {
  let text = '';
  while (text.length < length) {
    seed = (seed * 48_271) % 2_147_483_647;
    text += seed.toString(36);
  }
  return text;
}
