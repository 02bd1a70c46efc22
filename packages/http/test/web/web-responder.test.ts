import { describe, expect, test } from 'vitest';
import { HttpError } from '../../src/http-error.ts';
import { HttpResponse } from '../../src/web/http-response.ts';
import { webResponder } from '../../src/web/web-responder.ts';
import { FakeExchange, FakeIncoming } from './fake-exchange.ts';

describe('webResponder', () => {
  test('answers in the same turn when the handler does', () => {
    const exchange = new FakeExchange();
    webResponder(() => new HttpResponse('hello'))(exchange);
    expect(exchange.answer).toMatchObject({
      head: { status: 200 },
      fields: { 'content-type': 'text/plain;charset=UTF-8' },
      body: 'hello',
      whole: true,
    });
    expect(exchange.signalsMade).toBe(0);
  });

  test('sends a standard response with text as a whole', async () => {
    const exchange = new FakeExchange();
    webResponder(() => Response.json({ a: 1 }))(exchange);
    await exchange.settle();
    expect(exchange.answer).toMatchObject({ body: '{"a":1}', whole: true });
  });

  test('a handler that throws is reported and answered with a plain 500', async () => {
    const exchange = new FakeExchange();
    webResponder(async () => {
      throw new Error('secret');
    })(exchange);
    await exchange.settle();
    expect(exchange.answer).toMatchObject({
      head: { status: 500 },
      body: 'Internal Server Error\n',
    });
    expect(exchange.problems).toHaveLength(1);
  });

  test('an HttpError is answered with its status and not reported', () => {
    const exchange = new FakeExchange();
    webResponder(() => {
      throw new HttpError(404, 'no such host', { headers: { 'x-a': 'b' } });
    })(exchange);
    expect(exchange.answer).toMatchObject({
      head: { status: 404 },
      fields: { 'x-a': 'b' },
      body: 'Not Found\n',
    });
    expect(exchange.problems).toEqual([]);
  });

  test('a body that arrives in pieces is read', async () => {
    const body = new FakeIncoming(6);
    const exchange = new FakeExchange({ method: 'POST', body });
    webResponder(async (request) => new HttpResponse((await request.text()).toUpperCase()))(
      exchange,
    );
    body.send('abc', 'def').end();
    await exchange.settle();
    expect(exchange.answer?.body).toBe('ABCDEF');
    expect(exchange.problems).toEqual([]);
  });
});
