// What an HTTP request costs without a socket, by what stands above: the engine alone, with a Web handler, with the
// headers of a browser, with a router and JSON, and 16 pipelined requests (for each of them).
// Run: npm run example bench/http-calls.ts
import { createNodeReactor, type Factory, WireTransport } from '@hawser/core';
import { type HttpHandler, HttpResponse, http, http1, router } from '@hawser/http';
import { BROWSER_REQUEST, HELLO_REQUEST } from './http-requests.ts';
import { HELLO, user } from './http-work.ts';
import { measureCalls, showCalls } from './measure-calls.ts';
import { SilentWire } from './silent-wire.ts';

const PIPELINED = 16;
const reactor = createNodeReactor();

const engine = http1((exchange) => exchange.respond({ status: 200, fields: [] }, HELLO));
const handler: HttpHandler = () => new HttpResponse(HELLO);
const app = router().get('/users/:id', ({ params }) => HttpResponse.json(user(params.id)));

/** Feeds the same bytes again and again. Every answer is made before it returns. */
function requests(factory: Factory, message: Buffer): () => void {
  const wire = new SilentWire();
  new WireTransport(reactor, wire, { id: 1, side: 'server' }).adopt(factory);
  wire.receive(message);
  if (wire.bytesWritten === 0) throw new Error('Cannot measure as nothing was answered at once');
  return () => wire.receive(message);
}

const calls = {
  engine: requests(engine, HELLO_REQUEST),
  'with a handler': requests(http(handler), HELLO_REQUEST),
  "with a browser's headers": requests(http(handler), BROWSER_REQUEST),
  'with a route and JSON': requests(http(app), BROWSER_REQUEST),
};
showCalls(measureCalls(calls, { count: 20_000, rounds: 21 }), {
  title: 'one request, over a wire that does nothing',
});
const pipelines = {
  engine: requests(engine, pipelined(HELLO_REQUEST)),
  'with a handler': requests(http(handler), pipelined(HELLO_REQUEST)),
};
showCalls(measureCalls(pipelines, { count: 1_500, rounds: 21 }), {
  title: `${PIPELINED} requests in one chunk, over a wire that does nothing`,
});

function pipelined(message: Buffer): Buffer {
  return Buffer.concat(Array.from({ length: PIPELINED }, () => message));
}
