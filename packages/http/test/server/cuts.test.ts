import { feed } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import type { Responder } from '../../src/contract/exchange.ts';
import { http1 } from '../../src/server/http1.ts';
import { get, post } from './served.ts';

/** Answers with the method, the target and the body. */
const echo: Responder = (exchange) => {
  const { method, target, body } = exchange;
  let text = `${method} ${target} `;
  body.consume({
    data: (chunk) => {
      text += chunk.toString('latin1');
    },
    end: () =>
      exchange.respond({ status: 200, fields: ['x-trailers', body.trailers.join()] }, text),
    failed: () => exchange.respond({ status: 400, fields: [] }),
  });
};

const CHUNKED =
  'POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum: 1\r\n\r\n';

test.each([
  ['a pipeline', get('/1') + post('/2', 'body') + CHUNKED + get('/3'), 4],
  ['a goodbye, and what comes after it', get('/1', 'Connection: close') + get('/2'), 1],
  ['HTTP/1.0', 'GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n', 2],
  ['a bad request behind a good one', `${get('/1')}GET /2 HTTP/1.1\r\n\r\n`, 2],
  ['broken chunks', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabX', 1],
  ['an upload that is cut off', post('/', 'hello').slice(0, -1), 1],
  ['an expectation', post('/', 'hello', 'Expect: 100-continue'), 2],
])('%s is answered the same however it is cut', async (_what, input, answers) => {
  const { written, problems } = await feed(http1(echo), input, { end: true });
  expect(written.toString('latin1').match(/HTTP\/1\.1 /g)).toHaveLength(answers);
  expect(problems).toEqual([]);
});

test('an upgrade is the same however it and what follows are cut', async () => {
  const factory = http1((exchange) =>
    exchange.takeOver(
      {
        name: 'count',
        buildProtocol: () => {
          let text = '';
          return {
            dataReceived: (data) => {
              text += data.toString('latin1');
              if (text === 'hello') throw new Error('all of it');
            },
          };
        },
      },
      { status: 101, fields: ['upgrade', 'x'] },
    ),
  );
  const { written, problems } = await feed(
    factory,
    `${get('/', 'Connection: Upgrade', 'Upgrade: x')}hello`,
  );
  expect(written.toString('latin1')).toMatch(/^HTTP\/1\.1 101 /);
  expect(problems).toMatchObject([{ error: { message: 'all of it' } }]);
});
