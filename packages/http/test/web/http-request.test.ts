import { inspect } from 'node:util';
import { ProtocolError } from '@hawser/core';
import { describe, expect, test } from 'vitest';
import { HttpError } from '../../src/http-error.ts';
import { exchangeOf, HttpRequest, toStandardRequest } from '../../src/web/http-request.ts';
import { FakeExchange, type FakeExchangeOptions, FakeIncoming } from './fake-exchange.ts';

const JSON_FIELDS = ['host', 'a.example', 'content-type', 'application/json; charset=utf-8'];

function post(text: string | Uint8Array, options: FakeExchangeOptions = {}): HttpRequest {
  const bytes = Buffer.from(text as string);
  const body = new FakeIncoming(bytes.length).send(bytes).end();
  return new HttpRequest(
    new FakeExchange({ method: 'POST', fields: JSON_FIELDS, ...options, body }),
  );
}

/** What a promise gives, or the kind of error it rejects with. */
async function outcome(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    (gives) => ({ gives }),
    (thrown: Error) => ({ throws: thrown.constructor.name }),
  );
}

describe('HttpRequest', () => {
  test('makes nothing before it is asked for', () => {
    const exchange = new FakeExchange({ method: 'POST', body: new FakeIncoming(5) });
    const request = new HttpRequest(exchange);
    expect(request.method).toBe('POST');
    expect(request.bodyUsed).toBe(false);
    expect(exchange.signalsMade).toBe(0);
    expect(exchange.body.used).toBe(false);
  });

  test('has the members of a standard request, and no other throws', () => {
    const request = post('{}');
    const standard = new Request('http://a.example/', {
      method: 'POST',
      headers: { host: 'a.example', 'content-type': 'application/json; charset=utf-8' },
      body: '{}',
    });
    for (const name of Object.getOwnPropertyNames(Request.prototype) as (keyof Request)[]) {
      if (['constructor', 'headers', 'signal', 'body', 'attribute'].includes(name)) continue;
      const seen = ({ [name]: value }: Request): unknown =>
        typeof value === 'function' ? 'a function' : value;
      expect([name, seen(request)]).toEqual([name, seen(standard)]);
    }
    expect([...request.headers]).toEqual([...standard.headers]);
    expect(request.signal).toBeInstanceOf(AbortSignal);
    expect(request).toBeInstanceOf(Request);
    expect(request.headers).toBeInstanceOf(Headers);
    expect(Object.prototype.toString.call(request)).toBe('[object Request]');
    expect(inspect(request)).toContain("method: 'POST'");
  });

  const TEXTS: readonly (readonly [string, Uint8Array])[] = [
    ['ASCII', Buffer.from('plain')],
    ['UTF-8', Buffer.from('ä€😀')],
    ['a byte order mark', Buffer.from('\ufeff{"a":1}')],
    ['what is no UTF-8', Buffer.from([0x61, 0xff, 0xc3, 0x28, 0xe2, 0x82, 0xf0, 0x9f, 0x98])],
    ['surrogates', Buffer.from([0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80])],
    ['nothing', Buffer.from('')],
  ];
  test.each(TEXTS)('reads %s as a standard request does', async (_what, bytes) => {
    for (const method of ['text', 'arrayBuffer'] as const) {
      const standard = new Request('http://a/', { method: 'POST', body: bytes });
      expect(await outcome(post(bytes)[method]())).toEqual(await outcome(standard[method]()));
    }
    expect(await post(bytes).bytes()).toEqual(new Uint8Array(bytes));
  });

  test('drops one byte order mark and no more', async () => {
    expect(await post('\ufeff\ufeffx').text()).toBe('\ufeffx');
  });

  test('gives a blob of the type of the body', async () => {
    const blob = await post('{}').blob();
    expect([blob.type, await blob.text()]).toEqual(['application/json;charset=utf-8', '{}']);
  });

  test('gives bytes that share no memory with others', async () => {
    const slab = Buffer.from('secret|body|secret');
    const body = new FakeIncoming(4).send(slab.subarray(7, 11)).end();
    const request = new HttpRequest(new FakeExchange({ method: 'POST', body }));
    const bytes = await request.bytes();
    expect(Buffer.from(bytes.buffer).toString()).toBe('body');
  });

  test('parses JSON, and refuses what is none with 400', async () => {
    expect(await post('{"a":[1]}').json()).toEqual({ a: [1] });
    const error: unknown = await post('{')
      .json()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 400, cause: expect.any(SyntaxError) });
  });

  test('parses a form', async () => {
    const fields = ['content-type', 'application/x-www-form-urlencoded'];
    expect([...(await post('a=1&b=%26', { fields }).formData())]).toEqual([
      ['a', '1'],
      ['b', '&'],
    ]);
    await expect(post('a=1').formData()).rejects.toMatchObject({ status: 415 });
  });

  test.each(['GET', 'HEAD'])('has no body when it is %s', async (method) => {
    const exchange = new FakeExchange({ method, body: new FakeIncoming(5).send('hello').end() });
    const request = new HttpRequest(exchange);
    expect(request.body).toBe(null);
    expect(await request.text()).toBe('');
    expect(await request.text()).toBe('');
    expect(request.bodyUsed).toBe(false);
  });

  test('collects a body that is here already at once', async () => {
    const request = post('hello');
    const text = request.text();
    expect(exchangeOf(request).body.used).toBe(true);
    expect(await text).toBe('hello');
  });

  test.each(['text', 'json', 'arrayBuffer', 'bytes', 'blob', 'formData'] as const)(
    'refuses to read a body again by %s',
    async (method) => {
      const request = post('{}');
      await request.text();
      expect(request.bodyUsed).toBe(true);
      await expect(request[method]()).rejects.toThrow(TypeError);
      const { body } = request;
      expect(body && (await body.getReader().read()).done).toBe(true);
    },
  );

  test('refuses to collect a stream that somebody reads', async () => {
    const request = post('hello');
    const reader = request.body?.getReader();
    await expect(request.text()).rejects.toThrow(TypeError);
    expect(request.bodyUsed).toBe(false);
    reader?.releaseLock();
    expect(await request.text()).toBe('hello');
  });

  test.each([
    ['announced', 10],
    ['in chunks', undefined],
  ])('takes a body of exactly the limit, %s', async (_what, length) => {
    const body = new FakeIncoming(length).send('12345', '67890').end();
    const request = new HttpRequest(new FakeExchange({ method: 'POST', body }), {
      maxBodyBytes: 10,
    });
    expect(await request.text()).toBe('1234567890');
  });

  test('refuses an announced longer one before anything is read', async () => {
    const body = new FakeIncoming(11).send('12345678901').end();
    const request = new HttpRequest(new FakeExchange({ method: 'POST', body }), {
      maxBodyBytes: 10,
    });
    await expect(request.text()).rejects.toMatchObject({ status: 413 });
    expect(body.used).toBe(false);
    expect(request.bodyUsed).toBe(true);
  });

  test('stops reading a longer one in chunks', async () => {
    const body = new FakeIncoming(undefined).send('12345', '678901');
    const request = new HttpRequest(new FakeExchange({ method: 'POST', body }), {
      maxBodyBytes: 10,
    });
    await expect(request.text()).rejects.toBeInstanceOf(HttpError);
    expect(body.discarded).toBe(1);
  });

  test('collects a body that comes byte by byte', async () => {
    const body = new FakeIncoming(undefined);
    const request = new HttpRequest(new FakeExchange({ method: 'POST', body }));
    const bytes = request.arrayBuffer();
    for (let at = 0; at < 10_000; at++) body.send(Buffer.from([at & 255]));
    body.end();
    const expected = Buffer.from(Array.from({ length: 10_000 }, (_, at) => at & 255));
    expect(Buffer.from(await bytes).equals(expected)).toBe(true);
  });

  test('fails with the error of the body, quietly when nobody waits', async () => {
    const body = new FakeIncoming(10).send('12345');
    const request = new HttpRequest(new FakeExchange({ method: 'POST', body }));
    void request.text();
    body.fail(new ProtocolError('HAWSER_INCOMPLETE', 'the peer left'));
    await new Promise((done) => setImmediate(done));
    expect(request.bodyUsed).toBe(true);
  });

  describe('as a stream', () => {
    test('takes one piece from the peer for each read, beyond the limit too', async () => {
      const body = new FakeIncoming(undefined);
      const request = new HttpRequest(new FakeExchange({ method: 'POST', body }), {
        maxBodyBytes: 3,
      });
      const reader = (request.body as ReadableStream<Uint8Array>).getReader();
      body.send('1234', '5678', '90');
      await new Promise((done) => setImmediate(done));
      expect(body.waiting).toBe(3);
      expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('1234');
      await new Promise((done) => setImmediate(done));
      expect(body.waiting).toBe(2);
      const pending = [reader.read(), reader.read(), reader.read()];
      body.end();
      const rest = await Promise.all(pending);
      expect(rest.map(({ value }) => value && Buffer.from(value).toString())).toEqual([
        '5678',
        '90',
        undefined,
      ]);
    });

    test('gives up the rest when it is cancelled', async () => {
      const body = new FakeIncoming(undefined).send('1', '2');
      const request = new HttpRequest(new FakeExchange({ method: 'POST', body }));
      const reader = (request.body as ReadableStream).getReader();
      await reader.read();
      await reader.cancel();
      expect(body.discarded).toBe(1);
      expect(request.bodyUsed).toBe(true);
    });

    test('gives up all of it when it is cancelled before the first read', async () => {
      const body = new FakeIncoming(undefined).send('1');
      const request = new HttpRequest(new FakeExchange({ method: 'POST', body }));
      await request.body?.cancel();
      expect(body.discarded).toBe(1);
    });

    test('fails when the peer leaves', async () => {
      const body = new FakeIncoming(undefined).send('1');
      const request = new HttpRequest(new FakeExchange({ method: 'POST', body }));
      const reader = (request.body as ReadableStream).getReader();
      await reader.read();
      const next = reader.read();
      const left = new Error('left');
      body.fail(left);
      await expect(next).rejects.toBe(left);
    });
  });

  describe('cloned', () => {
    test('can be read twice', async () => {
      const request = post('hello');
      const clone = request.clone();
      expect(await clone.text()).toBe('hello');
      expect([clone.bodyUsed, request.bodyUsed]).toEqual([true, false]);
      expect(await request.text()).toBe('hello');
      expect(exchangeOf(clone)).toBe(exchangeOf(request));
    });

    test('keeps no more than the limit for the slower reader', async () => {
      const body = new FakeIncoming(undefined).send('12345', '67890', '1').end();
      const request = new HttpRequest(new FakeExchange({ method: 'POST', body }), {
        maxBodyBytes: 10,
      });
      const clone = request.clone();
      const reader = (clone.body as ReadableStream).getReader();
      await reader.read();
      await reader.read();
      await expect(reader.read()).rejects.toMatchObject({ status: 413 });
      await expect(request.text()).rejects.toMatchObject({ status: 413 });
    });

    test('is refused once it was read', async () => {
      const request = post('hello');
      await request.text();
      expect(() => request.clone()).toThrow(TypeError);
    });

    test('has headers of its own', () => {
      const request = post('hello');
      const clone = request.clone();
      clone.headers.set('host', 'b');
      expect(request.headers.get('host')).toBe('a.example');
    });
  });

  test('with another URL, method or headers has the same body', async () => {
    const request = post('hello');
    const other = request.with({ url: 'http://b/x/../y', method: 'PUT', headers: { a: 'b' } });
    expect([other.url, other.method, [...other.headers]]).toEqual([
      'http://b/y',
      'PUT',
      [['a', 'b']],
    ]);
    expect(request.url).toBe('http://a.example/');
    expect(await other.text()).toBe('hello');
    expect(request.bodyUsed).toBe(true);
    expect(() => request.with({ url: '/x' })).toThrow(TypeError);
  });

  test('with another body is read in its place, up to the limit', async () => {
    const body = new FakeIncoming(3).send('abc').end();
    const exchange = new FakeExchange({ method: 'POST', body });
    const request = new HttpRequest(exchange, { maxBodyBytes: 10 });
    const replaced = (text: string): HttpRequest =>
      request.with({ body: new Response(text).body as ReadableStream });
    expect(await replaced('1234567890').clone().text()).toBe('1234567890');
    const twice = replaced('12345678901');
    const drained = new Response(twice.clone().body).text();
    await expect(drained).rejects.toMatchObject({ status: 413 });
    await expect(twice.text()).rejects.toMatchObject({ status: 413 });
    await expect(replaced('12345678901').text()).rejects.toMatchObject({ status: 413 });
    expect(exchangeOf(replaced(''))).toBe(exchange);
    expect(await request.text()).toBe('abc');
  });

  test('throws 400 for a URL that cannot be', () => {
    const request = new HttpRequest(new FakeExchange({ authority: 'a@b' }));
    expect(() => request.url).toThrow(expect.objectContaining({ status: 400 }));
  });

  test('becomes a standard request with its body, for fetch and the like', async () => {
    const standard = toStandardRequest(post('hello'));
    const copy = new Request(standard);
    expect(copy.url).toBe('http://a.example/');
    expect(copy.method).toBe('POST');
    expect(copy.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await copy.text()).toBe('hello');
    expect(toStandardRequest(copy)).toBe(copy);
  });

  test('has no exchange when it was made by hand', () => {
    expect(() => exchangeOf(new Request('http://a/'))).toThrow(
      expect.objectContaining({ code: 'HAWSER_NOT_AVAILABLE' }),
    );
  });
});
