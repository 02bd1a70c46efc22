import * as zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Middleware } from '../../src/contract/middleware.ts';
import { bodyLimit } from '../../src/delivery/body-limit.ts';
import { decompressBody } from '../../src/delivery/decompress-body.ts';
import { HttpError } from '../../src/http-error.ts';
import { router } from '../../src/routing/router.ts';
import { testClient } from '../../testing/index.ts';
import { makeContext } from '../static/site.ts';

const context = makeContext();

function post(
  body: NonNullable<RequestInit['body']>,
  headers: Record<string, string> = {},
): Request {
  return new Request('http://host/path', { method: 'POST', body, headers, duplex: 'half' });
}

function streamOf(chunks: Iterable<Uint8Array>, ended?: () => void): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.iterator]();
  return new ReadableStream(
    {
      pull(controller) {
        const { done, value } = iterator.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => ended?.(),
    },
    { highWaterMark: 0 },
  );
}

/** What the handler reads, or the status it fails with. */
async function read(middleware: Middleware, request: Request): Promise<string | number> {
  try {
    const handler = async (given?: Request) => new Response(await (given ?? request).text());
    return await (await middleware(request, handler, context)).text();
  } catch (error) {
    if (error instanceof HttpError) return error.status;
    throw error;
  }
}

describe('a limit of bodies', () => {
  test('refuses by the length that is told, before anything is read', async () => {
    const limit = bodyLimit(5);
    expect(() =>
      limit(post('123456', { 'content-length': '6' }), () => new Response(), context),
    ).toThrow(HttpError);
    expect(await read(limit, post('12345', { 'content-length': '5' }))).toBe('12345');
  });

  test('counts where no length is told, and stops reading there', async () => {
    let ended = false;
    const chunks = function* (): Generator<Uint8Array> {
      for (;;) yield Buffer.from('1234');
    };
    expect(await read(bodyLimit(10), post(streamOf(chunks(), () => (ended = true))))).toBe(413);
    expect(ended).toBe(true);
    expect(
      await read(bodyLimit(8), post(streamOf([Buffer.from('1234'), Buffer.from('5678')]))),
    ).toBe('12345678');
    expect(
      await read(bodyLimit(7), post(streamOf([Buffer.from('1234'), Buffer.from('5678')]))),
    ).toBe(413);
  });

  test('lets requests without a body pass as they are', () => {
    const request = new Request('http://host/');
    const response = new Response();
    expect(
      bodyLimit(0)(request, (given) => (given ? new Response('other') : response), context),
    ).toBe(response);
    expect(() => bodyLimit(-1)).toThrow(RangeError);
  });
});

test('a limit behind decompression counts what the handler reads', async () => {
  const app = router()
    .use(decompressBody())
    .use(bodyLimit(1_000))
    .post('/', async (request) => new Response(String((await request.text()).length)));
  await using client = testClient(app);
  const send = async (length: number): Promise<number> => {
    const body = zlib.gzipSync('a'.repeat(length));
    const answer = await client.post('/', { body, headers: { 'content-encoding': 'gzip' } });
    return answer.status;
  };
  expect(await send(1_000)).toBe(200);
  expect(await send(1_001)).toBe(413);
});

describe('a compressed body', () => {
  const text = 'some text, some more text\n'.repeat(1000);
  const packers: [coding: string, pack: (text: string) => Buffer][] = [
    ['gzip', zlib.gzipSync],
    ['x-gzip', zlib.gzipSync],
    ['GZIP', zlib.gzipSync],
    ['deflate', zlib.deflateSync],
    ['br', zlib.brotliCompressSync],
  ];

  test.each(packers)('in %s reaches the handler plain, however it is cut', async (coding, pack) => {
    const packed = pack(text);
    for (const size of [1, 7, 100_000]) {
      const cut = Array.from({ length: Math.ceil(packed.length / size) }, (_, at) =>
        packed.subarray(at * size, (at + 1) * size),
      );
      const request = post(streamOf(cut), {
        'content-encoding': coding,
        'content-length': String(packed.length),
      });
      expect(await read(decompressBody(), request)).toBe(text);
    }
  });

  test('has no field that speaks of what it was', async () => {
    const request = post(zlib.gzipSync('{"a":1}'), {
      'content-encoding': 'gzip',
      'content-length': '27',
      'content-type': 'application/json',
    });
    let seen: Request | undefined;
    await decompressBody()(
      request,
      (given) => {
        seen = given;
        return new Response();
      },
      context,
    );
    expect(seen?.headers.get('content-encoding')).toBeNull();
    expect(seen?.headers.get('content-length')).toBeNull();
    expect(seen?.headers.get('content-type')).toBe('application/json');
    expect([seen?.url, seen?.method]).toEqual(['http://host/path', 'POST']);
    expect(await seen?.json()).toEqual({ a: 1 });
  });

  test.each(packers)('in %s that becomes too long ends with 413', async (coding, pack) => {
    const exact = pack('x'.repeat(1000));
    const headers = { 'content-encoding': coding };
    expect(await read(decompressBody({ maxBytes: 1000 }), post(exact, headers))).toBe(
      'x'.repeat(1000),
    );
    expect(await read(decompressBody({ maxBytes: 999 }), post(exact, headers))).toBe(413);
  });

  test.each(packers)(
    'in %s that is a bomb ends with 413, and most of it is never made',
    async (coding, pack) => {
      const bomb = pack('\0'.repeat(20_000_000));
      let given = 0;
      const request = post(bomb, { 'content-encoding': coding });
      const answer = decompressBody({ maxBytes: Number.MAX_SAFE_INTEGER })(
        request,
        async (plain) => {
          for await (const chunk of plain?.body ?? []) given += (chunk as Uint8Array).length;
          return new Response();
        },
        context,
      );
      await expect(answer).rejects.toMatchObject({ status: 413 });
      expect(given).toBeLessThan(2_500_000);
    },
  );

  test.each(packers)('in %s that is broken or cut ends with 400', async (coding, pack) => {
    const headers = { 'content-encoding': coding };
    const packed = pack(text);
    for (const wrong of [
      packed.subarray(0, packed.length - 3),
      Buffer.from('this is not it at all'),
      Buffer.alloc(0),
      packed.subarray(0, 5),
    ]) {
      expect(await read(decompressBody(), post(streamOf([wrong]), headers))).toBe(400);
    }
  });

  test.each(packers)('in %s with something behind it ends with 400', async (coding, pack) => {
    const headers = { 'content-encoding': coding };
    const packed = pack(text);
    for (const behind of [Buffer.alloc(5, 'x'), Buffer.alloc(100_000, 'x')]) {
      for (const pieces of [[Buffer.concat([packed, behind])], [packed, behind]]) {
        expect(await read(decompressBody(), post(streamOf(pieces), headers))).toBe(400);
      }
    }
  });

  test('in another coding, or several, is refused with 415 and what is known', () => {
    for (const coding of ['compress', 'gzip, br', 'aes128gcm']) {
      const request = post('x', { 'content-encoding': coding });
      let error: unknown;
      try {
        void decompressBody()(request, () => new Response(), context);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toMatchObject({
        status: 415,
        headers: { 'accept-encoding': expect.stringContaining('br, ') },
      });
    }
  });

  test('that the peer breaks off fails as the body does', async () => {
    const packed = zlib.gzipSync(text);
    const body = new ReadableStream(
      {
        pull(controller) {
          controller.enqueue(packed.subarray(0, 50));
          controller.error(new Error('the peer has left'));
        },
      },
      { highWaterMark: 0 },
    );
    await expect(
      read(decompressBody(), post(body, { 'content-encoding': 'gzip' })),
    ).rejects.toThrow('the peer has left');
  });

  test('is not read before the handler reads, and given up when it stops', async () => {
    let pulled = 0;
    let ended = false;
    const chunk = zlib.gzipSync(
      Buffer.from(Array.from({ length: 50_000 }, (_, at) => (at * 7919) % 251)),
    );
    const chunks = function* (): Generator<Uint8Array> {
      for (; ; pulled++) yield chunk;
    };
    let seen: Request | undefined;
    await decompressBody()(
      post(
        streamOf(chunks(), () => (ended = true)),
        { 'content-encoding': 'gzip' },
      ),
      (given) => {
        seen = given;
        return new Response();
      },
      context,
    );
    await new Promise(setImmediate);
    expect(pulled).toBe(0);
    const reader = seen?.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await new Promise(setImmediate);
    expect(ended).toBe(true);
    expect(pulled).toBeLessThan(20);
  });

  test('plain bodies pass as they are', () => {
    const response = new Response();
    const next = (given?: Request): Response => (given ? new Response('other') : response);
    expect(decompressBody()(post('x'), next, context)).toBe(response);
    expect(decompressBody()(post('x', { 'content-encoding': 'identity' }), next, context)).toBe(
      response,
    );
    expect(() => decompressBody({ maxRatio: 0 })).toThrow(RangeError);
  });
});

test.runIf('createZstdDecompress' in zlib)('zstd is unpacked where node has it', async () => {
  const { zstdCompressSync: pack } = zlib as unknown as {
    zstdCompressSync: (bytes: Buffer) => Buffer;
  };
  const headers = { 'content-encoding': 'zstd' };
  const text = 'some text, some more text\n'.repeat(100);
  const packed = pack(Buffer.from(text));
  expect(await read(decompressBody(), post(packed, headers))).toBe(text);
  expect(await read(decompressBody(), post(packed.subarray(0, 9), headers))).toBe(400);
  expect(await read(decompressBody(), post(pack(Buffer.alloc(20_000_000)), headers))).toBe(413);
});

test.each(['announced', 'in chunks'])(
  'a limit of one route stands in the place of that of the server, either way (%s)',
  async (how) => {
    const echo = async (request: Request): Promise<Response> =>
      new Response(String((await request.text()).length));
    const app = router()
      .post('/more', bodyLimit(2_000), echo)
      .post('/less', bodyLimit(10), echo)
      .post('/same', echo);
    await using client = testClient(app, { server: { maxBodyBytes: 100 } });
    const send = async (path: string, length: number): Promise<string> => {
      const text = 'x'.repeat(length);
      const body = how === 'announced' ? text : streamOf([Buffer.from(text)]);
      const response = await client.post(path, { body });
      return `${response.status} ${response.ok ? await response.text() : ''}`;
    };
    expect(await send('/more', 2_000)).toBe('200 2000');
    expect(await send('/more', 2_001)).toBe('413 ');
    expect(await send('/less', 11)).toBe('413 ');
    expect(await send('/same', 100)).toBe('200 100');
    expect(await send('/same', 101)).toBe('413 ');
  },
);
