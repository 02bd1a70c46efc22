import { promiseHooks } from 'node:v8';
import { expect, test } from 'vitest';
import type { HttpHandler } from '../../src/contract/http-handler.ts';
import { HttpRequest } from '../../src/web/http-request.ts';
import { HttpResponse } from '../../src/web/http-response.ts';
import { webResponder } from '../../src/web/web-responder.ts';
import { FakeExchange, FakeIncoming } from './fake-exchange.ts';

/** How many promises are made while `call` runs. */
function promisesOf(call: () => unknown): number {
  let count = 0;
  const stop = promiseHooks.onInit(() => void (count += 1)) as unknown as () => void;
  try {
    call();
  } finally {
    stop();
  }
  return count;
}

test('an answer that is there at once is sent without a promise', () => {
  const pong = new HttpResponse('pong');
  const handlers: readonly HttpHandler[] = [
    () => pong,
    ({ headers, url }) => HttpResponse.json({ url, host: headers.get('host') }),
  ];
  for (const handler of handlers) {
    const exchange = new FakeExchange();
    const answer = webResponder(handler);
    expect(promisesOf(() => answer(exchange))).toBe(0);
    expect(exchange.answer?.ended).toBe(true);
  }
});

test('a body that is there already is read by one promise', () => {
  for (const method of ['text', 'json', 'bytes', 'arrayBuffer'] as const) {
    const body = new FakeIncoming(2).send('{}').end();
    const request = new HttpRequest(new FakeExchange({ method: 'POST', body }));
    expect(promisesOf(() => void request[method]())).toBe(1);
  }
});
