import { expect, test } from 'vitest';
import type { HttpExchange } from '../../src/contract/exchange.ts';
import { get, post, served } from './served.ts';

test.each<[string, (exchange: HttpExchange) => void]>([
  ['whole', (it) => it.respond({ status: 200, fields: ['connection', 'close'] }, 'hello')],
  [
    'whole, in capitals among others',
    (it) => it.respond({ status: 200, fields: ['Connection', 'x-a, Close'] }, 'hello'),
  ],
  [
    'streamed',
    (it) => {
      const body = it.stream({ status: 200, fields: ['connection', 'close'] });
      body.write(Buffer.from('hello'));
      body.end();
    },
  ],
])('an answer, %s, that says close is the last, and says so', async (_how, answer) => {
  const { transport, exchanges, text } = served(answer);
  transport.receive(get('/1') + get('/2'));
  await transport.settle();
  expect(exchanges).toHaveLength(1);
  const said = text();
  expect(said.match(/^connection: close\r$/gim)).toHaveLength(1);
  expect(said).toContain('hello');
  expect(said.match(/HTTP\/1\.1/g)).toHaveLength(1);
  expect(transport.wireState).not.toBe('open');
});

test.each([
  ['connection', 'keep-alive'],
  ['connection', 'closet'],
  ['x-close', 'close'],
  ['set-cookie', 'close'],
])('an answer with %s: %s lets the connection go on', async (...field) => {
  const { transport, exchanges, text } = served((exchange) =>
    exchange.respond({ status: 200, fields: field }),
  );
  transport.receive(get('/1') + get('/2'));
  await transport.settle();
  expect(exchanges).toHaveLength(2);
  expect(text()).not.toMatch(/^connection:/im);
  expect(transport.wireState).toBe('open');
});

test('a request whose answer says close is read to its end where that is short', async () => {
  const { transport, text } = served((exchange) =>
    exchange.respond({ status: 413, fields: ['connection', 'close'] }),
  );
  transport.receive(post('/', 'hello').slice(0, -2));
  await transport.settle();
  expect(text()).toMatch(/^HTTP\/1\.1 413 [^]*connection: close\r\n/);
  expect(transport.wireState).not.toBe('open');
});
