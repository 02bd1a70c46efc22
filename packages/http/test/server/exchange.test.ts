import { UsageError } from '@hawser/core';
import { expect, test } from 'vitest';
import type { HttpExchange, Responder } from '../../src/contract/exchange.ts';
import { collect, echoTarget, get, post, served } from './served.ts';

const OK = { status: 200, fields: [] } as const;

test('an exchange shows the request as it came', () => {
  const { transport, exchanges } = served(echoTarget);
  transport.receive(get('http://other.test:81/x?y', 'X-Name: value'));
  const [exchange] = exchanges;
  expect(exchange).toMatchObject({
    version: '1.1',
    scheme: 'http',
    method: 'GET',
    target: '/x?y',
    authority: 'other.test:81',
    fields: ['host', 'a.test', 'x-name', 'value'],
    rawFields: ['Host', 'a.test', 'X-Name', 'value'],
    upgrade: undefined,
  });
  expect(exchange?.transport.id).toBe(1);
});

test.each<[string, (exchange: HttpExchange) => void]>([
  ['respond', (exchange) => exchange.respond(OK)],
  ['stream', (exchange) => void exchange.stream(OK)],
  ['takeOver', (exchange) => exchange.takeOver({ name: 'x', buildProtocol: () => undefined })],
])('a second answer by %s is a mistake of the program', async (_how, again) => {
  for (const first of [
    (exchange: HttpExchange) => exchange.respond(OK),
    (exchange: HttpExchange) => void exchange.stream(OK),
  ]) {
    const { transport, exchanges } = served(first);
    transport.receive(get('/'));
    const [exchange] = exchanges as [HttpExchange];
    expect(() => again(exchange)).toThrow(UsageError);
    expect(() => again(exchange)).toThrow(expect.objectContaining({ code: 'HAWSER_BUSY' }));
    await transport.settle();
  }
});

test('a responder that throws gives 500 and a report, and the connection goes on', () => {
  const broken: Responder = (exchange) => {
    if (exchange.target === '/bad') throw new Error('broken');
    echoTarget(exchange);
  };
  const { transport, text, reports } = served(broken);
  transport.receive(get('/bad') + get('/good'));
  expect(text()).toMatch(/^HTTP\/1\.1 500 [^]*HTTP\/1\.1 200 [^]*\/good$/);
  expect(reports.problems).toMatchObject([{ where: 'http.handler' }]);
});

test('a responder that throws while it streams cuts the answer off', async () => {
  const { transport, reports } = served((exchange) => {
    exchange.stream(OK).write(Buffer.from('half'));
    throw new Error('broken');
  });
  transport.receive(get('/'));
  await transport.settle();
  expect(transport.wireState).toBe('reset');
  expect(reports.problems).toHaveLength(1);
});

test.each([
  ['HEAD', 200, 'content-length: 5'],
  ['GET', 304, 'content-length: 5'],
  ['GET', 204, undefined],
])('the body of an answer to %s with %i is not sent', (method, status, length) => {
  const { transport, text } = served((exchange) =>
    exchange.respond({ status, fields: [] }, exchange.target === '/next' ? 'next.' : 'hello'),
  );
  transport.receive(get('/').replace('GET', method));
  const answer = text();
  expect(answer).toMatch(/\r\n\r\n$/);
  expect(answer).not.toContain('hello');
  expect(/content-length: \d+/.exec(answer)?.[0]).toBe(length);
  transport.receive(get('/'));
  expect(text()).toMatch(/^HTTP\/1\.1 /);
});

test.each([
  ['HEAD', 200],
  ['GET', 304],
  ['GET', 204],
])('a body that is streamed to %s with %i is thrown away', async (method, status) => {
  const { transport, text } = served((exchange) => {
    const body = exchange.stream({ status, fields: [] });
    expect(body.write(Buffer.from('hello'))).toBe(true);
    body.end();
  });
  transport.receive(get('/').replace('GET', method) + get('/').replace('GET', method));
  expect(text()).toMatch(/^HTTP\/1\.1 \d+ [^]*\r\n\r\nHTTP\/1\.1 \d+ [^]*\r\n\r\n$/);
  await transport.settle();
  expect(transport.wireState).toBe('open');
});

test('a streamed answer has chunks and, for who wants them, trailers', () => {
  const { transport, text } = served((exchange) => {
    const body = exchange.stream(OK);
    body.write(Buffer.from('hello'));
    body.write(Buffer.alloc(0));
    body.write(Buffer.alloc(5_000, 'x'));
    body.end(['x-sum', '42']);
    // After the end.
    expect(body.write(Buffer.from('late'))).toBe(false);
    body.end();
  });
  transport.receive(get('/', 'TE: gzip;q=0.5, Trailers'));
  expect(text()).toMatch(
    /transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n1388\r\nx{5000}\r\n0\r\nx-sum: 42\r\n\r\n$/,
  );
});

test.each([[], ['TE: gzip'], ['TE: trailersx'], ['X-TE: trailers']])(
  'trailers are left out for a peer that has not asked for them: %s',
  (...fields) => {
    const { transport, text } = served((exchange) => {
      const body = exchange.stream(OK);
      expect(() => body.end(['x-sum', '4\r\n2'])).toThrow(/not allowed/);
      body.end(['x-sum', '42']);
    });
    transport.receive(get('/', ...fields));
    expect(text()).toMatch(/chunked\r\n\r\n0\r\n\r\n$/);
  },
);

test('a promised length is kept, and bytes are not framed', () => {
  const { transport, text } = served((exchange) => {
    const body = exchange.stream({ status: 200, fields: ['content-length', '5'] });
    body.write(Buffer.from('he'));
    body.write(Buffer.from('llo'));
    body.end();
  });
  transport.receive(get('/'));
  expect(text()).toMatch(/content-length: 5\r\n\r\nhello$/);
});

test.each(['hell', 'hello!'])(
  'a body of %j for a promise of five bytes is cut off',
  async (sent) => {
    const { transport, reports } = served((exchange) => {
      const body = exchange.stream({ status: 200, fields: ['content-length', '5'] });
      body.write(Buffer.from(sent));
      body.end();
    });
    transport.receive(get('/'));
    await transport.settle();
    expect(transport.wireState).toBe('reset');
    expect(reports.problems).toHaveLength(1);
  },
);

test('a promise that the body does not keep is refused before anything has left', () => {
  const { transport, exchanges, text } = served();
  transport.receive(get('/'));
  const [exchange] = exchanges as [HttpExchange];
  expect(() => exchange.respond({ status: 200, fields: ['content-length', '9'] }, 'hello')).toThrow(
    UsageError,
  );
  expect(text()).toBe('');
  exchange.respond(OK, 'hello');
  expect(text()).toMatch(/content-length: 5\r\n\r\nhello$/);
});

test('HTTP/1.0 gets no chunks: the end of the connection is the end of the body', async () => {
  const { transport, text } = served((exchange) => {
    const body = exchange.stream(OK);
    body.write(Buffer.from('hello'));
    body.end(['x-sum', '42']);
  });
  transport.receive('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
  await transport.settle();
  expect(text()).toMatch(/connection: close\r\n\r\nhello$/);
  expect(transport.wireState).not.toBe('open');
});

test('HTTP/1.0 is kept only when it asks, and told so', async () => {
  const { transport, text } = served(echoTarget);
  transport.receive('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
  expect(text()).toMatch(/connection: keep-alive\r\n/);
  transport.receive('GET / HTTP/1.0\r\n\r\n');
  expect(text()).toMatch(/connection: close\r\n/);
  await transport.settle();
  expect(transport.wireState).not.toBe('open');
});

test('interim answers come before the answer, and never after its head or to HTTP/1.0', () => {
  const { transport, text } = served((exchange) => {
    exchange.inform(103, ['link', '</a.css>; rel=preload']);
    const body = exchange.stream(OK);
    exchange.inform(103, ['link', 'late']);
    body.end();
  });
  transport.receive(get('/'));
  expect(text()).toMatch(
    /^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 [^]*0\r\n\r\n$/,
  );
  transport.receive('GET / HTTP/1.0\r\n\r\n');
  expect(text()).toMatch(/^HTTP\/1\.1 200 /);
});

test('trailers of a request are there once its body was read', () => {
  const { transport, exchanges, text } = served();
  transport.receive('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  const [exchange] = exchanges as [HttpExchange];
  const got = collect(exchange);
  transport.receive('5\r\nhello\r\n');
  expect(exchange.body).toMatchObject({ received: false, trailers: [], length: undefined });
  transport.receive('0\r\nX-Sum: 42\r\n\r\n');
  expect(got).toEqual({ text: 'hello', ended: true, failed: undefined });
  expect(exchange.body).toMatchObject({ received: true, trailers: ['x-sum', '42'], used: true });
  echoTarget(exchange);
  expect(text()).toMatch(/^HTTP\/1\.1 200 /);
});

test('a body is read once', () => {
  const { transport, exchanges } = served();
  transport.receive(post('/', 'hello') + get('/'));
  const [exchange] = exchanges as [HttpExchange];
  expect(collect(exchange)).toMatchObject({ text: 'hello', ended: true });
  expect(() => collect(exchange)).toThrow(expect.objectContaining({ code: 'HAWSER_BUSY' }));
  echoTarget(exchange);
  expect(collect(exchanges[1] as HttpExchange)).toMatchObject({ text: '', ended: true });
  expect(() => collect(exchanges[1] as HttpExchange)).toThrow(UsageError);
});

test('a consumer that throws is reported and harms nobody else', () => {
  const { transport, exchanges, reports, text } = served();
  transport.receive(post('/', 'hello'));
  const [exchange] = exchanges as [HttpExchange];
  const broken = (): never => {
    throw new Error('broken');
  };
  exchange.body.consume({ data: broken, end: broken, failed: broken });
  expect(reports.problems.length).toBeGreaterThan(0);
  echoTarget(exchange);
  transport.receive(get('/next'));
  echoTarget(exchanges[1] as HttpExchange);
  expect(text()).toMatch(/\/next$/);
});

test('done settles when the answer has left, and not before', async () => {
  const { transport, exchanges } = served();
  transport.receive(get('/'));
  const [exchange] = exchanges as [HttpExchange];
  let isDone = false;
  void exchange.done.then(() => {
    isDone = true;
  });
  transport.stall();
  exchange.respond(OK, Buffer.alloc(100_000));
  await transport.settle();
  expect(isDone).toBe(false);
  transport.drained();
  await transport.settle();
  expect(isDone).toBe(true);
  await exchange.done;
});

test('a large answer leaves in pieces, as the peer takes them', async () => {
  const { transport, exchanges } = served();
  transport.receive(get('/'));
  transport.stall();
  exchanges[0]?.respond(OK, Buffer.alloc(30_000_000));
  await transport.settle();
  expect(transport.pendingBytes).toBeLessThan(1_000_000);
  let taken = 0;
  for (let turn = 0; turn < 1_000 && taken < 30_000_000; turn++) {
    transport.drained();
    taken += transport.take().length;
    await transport.settle();
    transport.stall();
  }
  expect(taken).toBeGreaterThan(30_000_000);
  expect(transport.wireState).toBe('open');
});

test.each([
  ['respond', 103],
  ['respond', 99],
  ['stream', 101],
  ['takeOver', 200.5],
  ['takeOver', 404],
] as const)('%s with the status %d is refused', (how, status) => {
  const { transport, exchanges } = served();
  transport.receive(get('/', 'Connection: Upgrade', 'Upgrade: x'));
  const [exchange] = exchanges as [HttpExchange];
  const head = { status, fields: [] };
  const answer = {
    respond: () => exchange.respond(head),
    stream: () => exchange.stream(head),
    takeOver: () => exchange.takeOver({ name: 'x', buildProtocol: () => undefined }, head),
  }[how];
  expect(answer).toThrow(expect.objectContaining({ code: 'HAWSER_HTTP_BAD_FIELD' }));
  // Nothing has left, so it can be answered still.
  echoTarget(exchange);
});

const statuses = (text: string): string[] => text.match(/HTTP\/1\.1 \d+/g) ?? [];

test.each([
  ['garbage', `${get('/', 'Connection: close')}\0garbage`],
  [
    'chunks that nobody reads, and that are none',
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nZZ\r\n',
  ],
])('after a goodbye nothing is said, not even to %s', async (_what, input) => {
  const { transport, text } = served(echoTarget);
  transport.receive(input);
  await transport.settle();
  expect(statuses(text())).toEqual(['HTTP/1.1 200']);
  expect(transport.wireState).not.toBe('open');
});

test('garbage behind the last request that a connection may make gets no answer', async () => {
  const { transport, text } = served(echoTarget, { maxRequestsPerConnection: 1 });
  transport.receive(`${get('/')}\0garbage`);
  await transport.settle();
  expect(statuses(text())).toEqual(['HTTP/1.1 200']);
});

test('nobody is told of a drain of bytes to a peer that has left', async () => {
  const { transport, exchanges } = served();
  transport.receive(get('/'));
  const body = (exchanges[0] as HttpExchange).stream(OK);
  let told = 0;
  body.onceDrained(() => {
    told += 1;
  });
  transport.lose();
  await transport.settle();
  expect(told).toBe(0);
});

test.each<[string, (exchange: HttpExchange) => void]>([
  ['whole', (exchange) => exchange.respond({ status: 205, fields: [] }, 'form')],
  [
    'whole, with the length of it',
    (exchange) => exchange.respond({ status: 205, fields: ['content-length', '4'] }, 'form'),
  ],
  [
    'streamed',
    (exchange) => {
      const body = exchange.stream({ status: 205, fields: [] });
      body.write(Buffer.from('form'));
      body.end();
    },
  ],
  [
    'streamed, with the length of it',
    (exchange) => {
      const body = exchange.stream({ status: 205, fields: ['content-length', '4'] });
      body.write(Buffer.from('form'));
      body.end();
    },
  ],
])('205 has no content, and says so: the body given, %s, is thrown away', (_how, answer) => {
  const { transport, text, reports } = served(answer);
  transport.receive(get('/') + get('/'));
  const said = text();
  expect(said.match(/HTTP\/1\.1 205 Reset Content\r\n/g)).toHaveLength(2);
  expect(said.match(/^content-length: 0\r$/gm)).toHaveLength(2);
  expect(said).not.toMatch(/form|transfer-encoding/);
  expect(reports.problems).toEqual([]);
});

test.each([204, 304])('%i has no body, whoever gives one', (status) => {
  const { transport, text, reports } = served((exchange) => {
    if (exchange.target === '/whole') exchange.respond({ status, fields: [] }, 'body');
    else exchange.stream({ status, fields: [] }).end();
  });
  transport.receive(get('/whole') + get('/streamed'));
  const said = text();
  expect(said.match(/\r\n\r\n/g)).toHaveLength(2);
  expect(said).toMatch(/\r\n\r\nHTTP\/1\.1 \d+ [^]*\r\n\r\n$/);
  expect(said).not.toMatch(/body|transfer-encoding/);
  expect(reports.problems).toEqual([]);
});
