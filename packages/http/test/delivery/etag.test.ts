import { expect, test } from 'vitest';
import { compression } from '../../src/delivery/compression.ts';
import { type EtagOptions, etag } from '../../src/delivery/etag.ts';
import { HttpResponse } from '../../src/web/http-response.ts';
import { get, makeContext } from '../static/site.ts';

const context = makeContext();

function run(
  response: Response,
  headers: Record<string, string> = {},
  { method = 'GET', ...options }: EtagOptions & { method?: string } = {},
): Response {
  const answer = etag(options)(get('/', headers, method), () => response, context);
  if (answer instanceof Promise) throw new Error('a promise for nothing');
  return answer;
}

test('text and bytes get a tag, the same for the same bytes', () => {
  const tag = run(HttpResponse.text('hello')).headers.get('etag');
  expect(tag).toMatch(/^W\/"[\w-]{27}"$/);
  expect(run(new HttpResponse(Buffer.from('hello'))).headers.get('etag')).toBe(tag);
  expect(run(HttpResponse.text('other')).headers.get('etag')).not.toBe(tag);
  expect(run(HttpResponse.text('hello'), {}, { weak: false }).headers.get('etag')).toBe(
    tag?.slice(2),
  );
});

test('a peer that has it already gets 304 without what describes the body', () => {
  const page = HttpResponse.text('hello', {
    headers: {
      'cache-control': 'max-age=5',
      vary: 'accept',
      'x-more': '1',
      'content-language': 'en',
    },
  });
  const tag = run(page).headers.get('etag') ?? '';
  expect(page.headers.get('etag')).toBeNull();
  for (const method of ['GET', 'HEAD']) {
    const answer = run(page, { 'if-none-match': `"x", ${tag}` }, { method });
    expect(answer.status).toBe(304);
    expect(answer.body).toBeNull();
    expect(Object.fromEntries(answer.headers)).toEqual({
      'cache-control': 'max-age=5',
      vary: 'accept',
      etag: tag,
    });
  }
  expect(run(page, { 'if-none-match': '"x"' }).status).toBe(200);
  expect(run(page, { 'if-match': '"x"' }).status).toBe(412);
});

test('a tag or time of the handler counts, of a standard response as well', async () => {
  const own = new Response('x', { headers: { etag: '"mine"' } });
  expect(run(own, { 'if-none-match': '"mine"' }).status).toBe(304);
  const date = 'Thu, 02 Jan 2020 03:04:05 GMT';
  let ended = false;
  const body = new ReadableStream({ cancel: () => void (ended = true) });
  const timed = new HttpResponse(body, { headers: { 'last-modified': date } });
  expect(run(timed, { 'if-modified-since': date }).status).toBe(304);
  await new Promise(setImmediate);
  expect(ended).toBe(true);
});

test('is left as it is: other methods and statuses, streams, what is long or not to be kept', () => {
  expect(run(HttpResponse.text('x'), { 'if-none-match': '*' }, { method: 'POST' }).status).toBe(
    200,
  );
  expect(run(HttpResponse.text('x', { status: 404 })).headers.get('etag')).toBeNull();
  expect(run(new HttpResponse(new Blob(['x']).stream())).headers.get('etag')).toBeNull();
  expect(run(HttpResponse.text('12345'), {}, { maxBytes: 4 }).headers.get('etag')).toBeNull();
  expect(run(HttpResponse.text('1234'), {}, { maxBytes: 4 }).headers.get('etag')).not.toBeNull();
  const secret = HttpResponse.text('x', { headers: { 'cache-control': 'no-store' } });
  expect(run(secret).headers.get('etag')).toBeNull();
  expect(() => etag({ maxBytes: -1 })).toThrow(RangeError);
});

test('inside of compression the peer can ask by the tag it got', async () => {
  const ask = (headers: Record<string, string>) => {
    const request = get('/', { 'accept-encoding': 'gzip', ...headers });
    const inner = () => etag()(request, () => HttpResponse.text('x'.repeat(5000)), context);
    return compression()(request, inner, context);
  };
  const first = await ask({});
  expect(first.headers.get('content-encoding')).toBe('gzip');
  const again = await ask({ 'if-none-match': first.headers.get('etag') ?? '' });
  expect(again.status).toBe(304);
});
