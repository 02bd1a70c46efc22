import zlib, { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type StubReply, StubServer, type TestClient, testClient } from '../../testing/index.ts';

function asking(...replies: StubReply[]): TestClient {
  const stub = new StubServer();
  stub.expect('*').reply(...replies);
  return testClient(stub);
}

const text = 'many words, many words '.repeat(5_000);
const compressed = (encoding: string, body: Buffer): StubReply => ({
  headers: { 'content-encoding': encoding },
  body,
});

/** Not in every Node. */
const { zstdCompressSync } = zlib as { zstdCompressSync?: (data: string) => Buffer };

describe('content', () => {
  const encoded: readonly [encoding: string, body: Buffer][] = [
    ['gzip', gzipSync(text)],
    ['x-gzip', gzipSync(text)],
    ['GZIP', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
    ['br', brotliCompressSync(text)],
    ['gzip, br', brotliCompressSync(gzipSync(text))],
    ...(zstdCompressSync ? ([['zstd', zstdCompressSync(text)]] as [string, Buffer][]) : []),
    ['identity', Buffer.from(text)],
    ['gzip', Buffer.alloc(0)],
  ];

  test.each(encoded)('in %s is decoded, collected and streamed', async (encoding, body) => {
    const expected = body.length === 0 ? '' : text;
    await using client = asking(compressed(encoding, body), compressed(encoding, body));
    const response = await client.get('/');
    expect(await response.text()).toBe(expected);
    let streamed = '';
    const { stream } = await client.get('/');
    for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
      streamed += Buffer.from(chunk).toString();
    }
    expect(streamed).toBe(expected);
    expect(client.status.idle).toBe(1);
  });

  test('is left as it is if nobody knows how, or nobody wants it', async () => {
    const body = gzipSync(text);
    await using client = asking(compressed('gzip, rot13', body), compressed('gzip', body));
    expect(Buffer.from(await (await client.get('/')).bytes())).toEqual(body);
    const raw = await client.get('/', { decompress: false });
    expect(Buffer.from(await raw.bytes())).toEqual(body);
  });

  test.each([
    ['is not what it says', Buffer.from('plain')],
    ['is cut off', gzipSync(text).subarray(0, 100)],
    ['is cut off at its end', gzipSync(text).subarray(0, -1)],
  ])('that %s is an error', async (_, body) => {
    await using client = asking(compressed('gzip', body), compressed('gzip', body));
    await expect((await client.get('/')).text()).rejects.toMatchObject({
      code: 'HAWSER_HTTP_BAD_ENCODING',
      phase: 'body',
    });
    const reader = (await client.get('/')).stream.getReader();
    const drained = (async () => {
      while (!(await reader.read()).done);
    })();
    await expect(drained).rejects.toMatchObject({ code: 'HAWSER_HTTP_BAD_ENCODING' });
  });

  test('that grows too much is given up', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    await using client = asking(compressed('gzip', bomb), compressed('gzip', bomb));
    const reader = (await client.get('/')).stream.getReader();
    let read = 0;
    const drained = (async () => {
      for (let next = await reader.read(); !next.done; next = await reader.read())
        read += next.value.length;
    })();
    await expect(drained).rejects.toMatchObject({ code: 'HAWSER_HTTP_BAD_ENCODING' });
    expect(read).toBeLessThan(15_000_000);
    const response = await client.get('/', { maxDecompressionRatio: 10_000 });
    await expect(response.text()).rejects.toMatchObject({ code: 'HAWSER_HTTP_BODY_TOO_LARGE' });
  });

  test('in too many codings is refused', async () => {
    await using client = asking(compressed('gzip, gzip, gzip, gzip', Buffer.from('x')));
    await expect(client.get('/')).rejects.toMatchObject({ code: 'HAWSER_HTTP_BAD_ENCODING' });
  });

  test('is not decompressed ahead of who reads it', async () => {
    const noise = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => (at * at) >> 7));
    const body = gzipSync(noise);
    await using client = asking(compressed('gzip', body));
    const reader = (await client.get('/')).stream.getReader();
    let read = (await reader.read()).value?.length ?? 0;
    await client.elapse(20_000);
    for (let next = await reader.read(); !next.done; next = await reader.read())
      read += next.value.length;
    expect(read).toBe(3_000_000);
  });

  test('may not grow by more in two codings than in one', async () => {
    const body = gzipSync(gzipSync(Buffer.alloc(4_000_000)));
    await using client = asking(compressed('gzip, gzip', body));
    const { stream } = await client.get('/');
    let octets = 0;
    const reading = (async () => {
      for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>)
        octets += chunk.length;
    })();
    await expect(reading).rejects.toMatchObject({ code: 'HAWSER_HTTP_BAD_ENCODING' });
    expect(octets).toBeLessThanOrEqual(1_048_576);
  });
});
