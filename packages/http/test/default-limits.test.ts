import { createTestReactor, FakeTransport } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { type HttpHandler, HttpResponse, http } from '../src/index.ts';

// What a server allows to which nothing was said: each limit, and one more.

const collect: HttpHandler = async (request) => new HttpResponse(await request.text());
const count: HttpHandler = async (request) => {
  let bytes = 0;
  for await (const piece of request.body ?? []) bytes += piece.length;
  return new HttpResponse(`${bytes}`);
};

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n';
const head = (bytes: number): string =>
  `${REQUEST}X: ${'y'.repeat(bytes - REQUEST.length - 5)}\r\n\r\n`;
const fields = (lines: number): string => `${REQUEST}${'X: y\r\n'.repeat(lines - 1)}\r\n`;
const target = (bytes: number): string => REQUEST.replace('/', '/'.repeat(bytes)).concat('\r\n');
const upload = (bytes: number): string =>
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n${'x'.repeat(bytes)}`;
const chunked = (bytes: number): string =>
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n' +
  `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n0\r\n\r\n`;

async function statusOf(message: string, handler: HttpHandler): Promise<string> {
  const transport = new FakeTransport({ reactor: createTestReactor() });
  transport.adopt(http(handler));
  transport.receive(message);
  let answer = '';
  for (let turn = 0; turn < 50; turn++) {
    await Promise.resolve();
    answer += transport.takeText('latin1');
  }
  return answer.split(' ')[1] ?? 'none';
}

test.each<[string, (size: number) => string, HttpHandler, number, string]>([
  ['a head of 16 KiB', head, collect, 16_384, '431'],
  ['100 fields', fields, collect, 100, '431'],
  ['a target of 8 KiB', target, collect, 8_192, '414'],
  ['a body of 1 MiB that is collected', upload, collect, 1_048_576, '413'],
  ['a body of 1 MiB in chunks that is collected', chunked, collect, 1_048_576, '413'],
  ['any body that is streamed', upload, count, 1_048_576, '200'],
])('%s is served, and what one more gets', async (_, make, handler, most, refusal) => {
  expect(await statusOf(make(most), handler)).toBe('200');
  expect(await statusOf(make(most + 1), handler)).toBe(refusal);
});
