import { FakeTransport } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import type { HttpExchange } from '../../src/contract/exchange.ts';
import { HttpResponse, http } from '../../src/index.ts';
import { echoTarget, get, post } from './served.ts';

test('an app below Request and Response gets every exchange as it is', () => {
  const asked: string[] = [];
  const responder = (exchange: HttpExchange): void => {
    asked.push(`${exchange.method} ${exchange.target}`);
    echoTarget(exchange);
  };
  const transport = new FakeTransport();
  transport.adopt(http({ responder }));
  const star = get('*').replace('GET', 'OPTIONS');
  const trace = get('/').replace('GET', 'TRACE');
  transport.receive(star + trace + get('/last'));
  expect(asked).toEqual(['OPTIONS *', 'TRACE /', 'GET /last']);
});

test('a handler is not asked what is for the server itself', () => {
  const asked: string[] = [];
  const transport = new FakeTransport();
  transport.adopt(
    http((request) => {
      asked.push(request.url);
      return new HttpResponse('x');
    }),
  );
  transport.receive(get('*').replace('GET', 'OPTIONS') + get('/').replace('GET', 'TRACE'));
  expect(transport.takeText()).toMatch(/^HTTP\/1\.1 204 [^]*HTTP\/1\.1 501 /);
  expect(asked).toEqual([]);
});

test('a handler that waits for nothing is answered in the same turn', () => {
  const transport = new FakeTransport();
  transport.adopt(http(() => new HttpResponse('at once')));
  transport.receive(get('/'));
  expect(transport.takeText()).toMatch(/at once$/);
});

test('an upload comes back as it comes, in an answer made of its body', async () => {
  const transport = new FakeTransport();
  transport.adopt(http((request) => new HttpResponse(request.body)));
  transport.receive(post('/', '').replace('Length: 0', 'Length: 10'));
  transport.receive('hello');
  await transport.settle();
  expect(transport.takeText()).toMatch(/\r\n\r\n5\r\nhello\r\n$/);
  transport.receive('world');
  await transport.settle();
  expect(transport.takeText()).toBe('5\r\nworld\r\n0\r\n\r\n');
  transport.receive(post('/', 'again'));
  await transport.settle();
  expect(transport.takeText()).toMatch(/again\r\n0\r\n\r\n$/);
});

test.each(['maxBodyBytes', 'maxHeadBytes', 'sendTimeoutMs'])('%s of 0 is refused', (name) => {
  expect(() => http(() => new Response('x'), { [name]: 0 })).toThrow(RangeError);
});

test.each(['', 'NOT ONE', 'PURGE\r\n'])('a method that is no token is refused: %j', (method) => {
  expect(() => http(() => new Response(), { extraMethods: ['PURGE', method] })).toThrow(RangeError);
});
