import { Blob } from 'node:buffer';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { HttpResponse } from '../../src/web/http-response.ts';
import type { ResponseBody } from '../../src/web/response-content.ts';

/** What a call gives, or the kind of error it throws. */
async function outcome(call: () => unknown): Promise<unknown> {
  try {
    return { gives: await call() };
  } catch (thrown) {
    return { throws: (thrown as Error).constructor.name };
  }
}

/** Everything to be seen of a response. */
async function seen(response: Response): Promise<unknown> {
  const { status, statusText, ok, redirected, type, url, bodyUsed } = response;
  const hasBody = response.body !== null;
  const headers = [...response.headers];
  const text = await response.text();
  const used = response.bodyUsed;
  return { status, statusText, ok, redirected, type, url, bodyUsed, hasBody, headers, text, used };
}

const stream = (): ReadableStream =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from('streamed'));
      controller.close();
    },
  });

/** What the standard one takes. */
type StandardBody = ConstructorParameters<typeof Response>[0];

describe('HttpResponse', () => {
  const BODIES: readonly (readonly [string, () => unknown])[] = [
    ['nothing', () => undefined],
    ['null', () => null],
    ['text', () => 'ä text'],
    ['no text', () => ''],
    ['bytes', () => Buffer.from('bytes')],
    ['an ArrayBuffer', () => new Uint8Array([65, 66]).buffer],
    ['a view of other elements', () => new Uint16Array([0x4142, 0x4344]).subarray(1)],
    ['a DataView', () => new DataView(new Uint8Array([65, 66, 67]).buffer, 1)],
    ['a Blob', () => new Blob(['blob'], { type: 'x/y' })],
    ['a Blob without a type', () => new Blob(['blob'])],
    ['search parameters', () => new URLSearchParams({ a: 'b c' })],
    ['a stream', stream],
    ['a number', () => 5],
    ['a date', () => new Date(0)],
  ];
  test.each(BODIES)('of %s is as a standard one', async (_what, body) => {
    const ours = await seen(new HttpResponse(body() as ResponseBody));
    expect(ours).toEqual(await seen(new Response(body() as StandardBody)));
  });

  const INITS: readonly unknown[] = [
    {},
    { status: 201, statusText: 'Very Good' },
    { status: 199 },
    { status: 600 },
    { status: 599 },
    { status: 101 },
    { status: 200.7 },
    { status: Number.NaN },
    { status: '404' },
    { status: 204 },
    { status: 205 },
    { status: 304 },
    { status: undefined, statusText: undefined, headers: undefined },
    { statusText: 'a\nb' },
    { statusText: '\u0100' },
    { statusText: 'é\t' },
    { headers: { 'Content-Type': 'x/y', B: '1' } },
    {
      headers: [
        ['set-cookie', 'a'],
        ['set-cookie', 'b'],
      ],
    },
    { headers: { 'a b': '1' } },
    { headers: new Headers({ a: 'b' }) },
  ];
  test.each(INITS)('with %j is as a standard one', async (init) => {
    for (const body of ['x', null]) {
      const ours = await outcome(() => seen(new HttpResponse(body, init as ResponseInit)));
      const theirs = await outcome(() => seen(new Response(body as string, init as ResponseInit)));
      expect(ours).toEqual(theirs);
    }
  });

  test.each<[string, (kind: typeof Response | typeof HttpResponse) => unknown]>([
    ['json', (kind) => kind.json({ a: [1] })],
    [
      'json with a status',
      (kind) => kind.json('x', { status: 404, headers: { 'content-type': 'x/y' } }),
    ],
    ['json of null', (kind) => kind.json(null)],
    ['json of nothing', (kind) => kind.json(undefined)],
    ['json without a body', (kind) => kind.json(1, { status: 204 })],
    ['redirect', (kind) => kind.redirect('http://a/ä b?c', 302 as 301)],
    ['redirect with a status', (kind) => kind.redirect('http://a/x/../y', 308)],
    ['redirect with another status', (kind) => kind.redirect('http://a/', 200 as 301)],
  ])('made by %s is as a standard one', async (_what, make) => {
    const ours = await outcome(() => seen(make(HttpResponse) as Response));
    expect(ours).toEqual(await outcome(() => seen(make(Response) as Response)));
  });

  test('made by error is no response', () => {
    const { type, status, ok } = HttpResponse.error();
    expect([type, status, ok]).toEqual(['error', 0, false]);
  });

  test.each([
    ['/login?next=%2Fx', '/login?next=%2Fx'],
    ['../ä', '../%C3%A4'],
    ['//b.example/x', '//b.example/x'],
    ['?q=a b', '?q=a%20b'],
    ['/a\r\nset-cookie: x', '/a%0D%0Aset-cookie:%20x'],
    ['/\\b.example', '/%5Cb.example'],
    ['/\ud800', '/%EF%BF%BD'],
  ])('redirects to the reference %j', (url, location) => {
    expect(HttpResponse.redirect(url).headers.get('location')).toBe(location);
  });

  test.each([
    ['text', HttpResponse.text('a'), 'text/plain; charset=utf-8'],
    ['html', HttpResponse.html('a'), 'text/html; charset=utf-8'],
    ['html with a type', HttpResponse.html('a', { headers: { 'content-type': 'x/y' } }), 'x/y'],
  ])('made by %s has its type', async (_what, response, type) => {
    expect([response.headers.get('content-type'), await response.text()]).toEqual([type, 'a']);
  });

  test('is a Response to whoever asks, and to console.log', () => {
    const response = new HttpResponse('x');
    expect(response).toBeInstanceOf(Response);
    expect(Object.prototype.toString.call(response)).toBe('[object Response]');
    expect(inspect(response)).toMatch(/^Response \{\s+status: 200/);
    const names = Object.getOwnPropertyNames(Response.prototype) as (keyof Response)[];
    expect(() => names.map((name) => response[name])).not.toThrow();
  });

  test('is copied by the standard one', async () => {
    const response = new HttpResponse('x', { status: 201, headers: { a: 'b' } });
    const copy = new Response(response.body as StandardBody, response as ResponseInit);
    expect([copy.status, copy.headers.get('a'), await copy.text()]).toEqual([201, 'b', 'x']);
  });

  test.each(['text', 'json', 'bytes', 'arrayBuffer', 'blob', 'formData'] as const)(
    'refuses to be read again by %s',
    async (method) => {
      const response = new HttpResponse('{}');
      await response.text();
      await expect(response[method]()).rejects.toThrow(TypeError);
      expect(() => HttpResponse.takeContent(response)).toThrow(TypeError);
    },
  );

  test('gives its text as often as it is sent, a stream once', () => {
    const text = new HttpResponse('x');
    expect([HttpResponse.takeContent(text), HttpResponse.takeContent(text)]).toEqual(['x', 'x']);
    const streamed = new HttpResponse(stream());
    HttpResponse.takeContent(streamed);
    expect(() => HttpResponse.takeContent(streamed)).toThrow(TypeError);
    expect(streamed.bodyUsed).toBe(true);
  });

  test('whose body stream was asked for and not read still gives its text', async () => {
    const response = new HttpResponse('x');
    const { body } = response;
    expect(HttpResponse.takeContent(response)).toBe('x');
    const reader = body?.getReader();
    expect(() => HttpResponse.takeContent(response)).toThrow(TypeError);
    await reader?.read();
    expect(response.bodyUsed).toBe(true);
  });

  test.each<[string, () => ResponseBody]>([
    [
      'an async generator',
      async function* () {
        yield 'a';
        yield Buffer.from('bc');
      },
    ],
    ['a node stream', () => Readable.from([Buffer.from('a'), Buffer.from('bc')])],
    ['a stream', () => Readable.toWeb(Readable.from([Buffer.from('abc')])) as ReadableStream],
  ])('of %s is read whole', async (_what, body) => {
    const content = typeof body === 'function' ? body() : body;
    expect(await new HttpResponse(content).text()).toBe('abc');
    const clone = new HttpResponse(body()).clone();
    expect(await clone.text()).toBe('abc');
  });

  test('of a form is multipart, and can be read as one', async () => {
    const form = new FormData();
    form.append('a', 'b');
    form.append('f', new Blob(['contents']) as never, 'f.txt');
    const response = new HttpResponse(form);
    expect(response.headers.get('content-type')).toMatch(/^multipart\/form-data; ?boundary=/);
    const read = await response.formData();
    expect(read.get('a')).toBe('b');
    expect(await (read.get('f') as Blob).text()).toBe('contents');
  });

  test('of a node stream that has failed says so, and ends nothing', async () => {
    const broken = new Readable({ read: () => undefined });
    const response = new HttpResponse(broken);
    broken.destroy(new Error('no such file'));
    await new Promise((done) => setImmediate(done));
    await expect(response.text()).rejects.toThrow('no such file');
  });

  test.each<[string, () => ResponseBody]>([
    ['a stream', stream],
    ['a generator', () => Readable.from([Buffer.from('streamed')])],
  ])('of %s can be looked at while somebody else reads it', async (_what, body) => {
    const moved = new HttpResponse(body());
    expect(moved.body).not.toBe(null);
    const other = moved.with({ status: 201 });
    expect(moved.body?.locked).toBe(false);
    expect(moved.bodyUsed).toBe(true);
    expect(await other.text()).toBe('streamed');
    const read = new HttpResponse(body());
    const text = read.text();
    expect(read.body).not.toBe(null);
    expect(await text).toBe('streamed');
  });

  test('can be cloned until it is read', async () => {
    for (const body of ['hello', stream()]) {
      const response = new HttpResponse(body, { status: 201, headers: { a: 'b' } });
      const clone = response.clone();
      clone.headers.set('a', 'c');
      expect([clone.status, response.headers.get('a')]).toEqual([201, 'b']);
      expect(await clone.text()).toBe(await response.text());
      expect(() => response.clone()).toThrow(TypeError);
    }
  });

  test('with another head leaves this one as it is', async () => {
    const pong = new HttpResponse('pong', { headers: { a: '1' } });
    const other = pong.with({ status: 503, headers: { b: '2' } });
    expect([other.status, [...other.headers], await other.text()]).toEqual([
      503,
      [['b', '2']],
      'pong',
    ]);
    expect([pong.status, pong.headers.get('a'), await pong.text()]).toEqual([200, '1', 'pong']);
    expect(() => new HttpResponse('x').with({ status: 204 })).toThrow(TypeError);
    const streamed = new HttpResponse(stream());
    expect(await streamed.with({ status: 201 }).text()).toBe('streamed');
    expect(streamed.bodyUsed).toBe(true);
  });
});
