import { UsageError } from '@hawser/core';
import type { HttpExchange } from '../src/contract/exchange.ts';
import { HttpHeaders, toFieldLines } from '../src/web/http-headers.ts';
import type { StubConnectionParts } from './stub-connection.ts';
import { contentOf, type StubReply } from './stub-reply.ts';

/** Answers a request over HTTP/2 as a stub server was told. */
export function answerExchange(exchange: HttpExchange, parts: StubConnectionParts): void {
  const { number: connection, clock } = parts;
  const { request, reply } = parts.begins(exchange, { connection, at: clock.now() });
  const early = typeof reply === 'object' && reply.early === true;
  if (early) answer(exchange, reply);
  exchange.body.consume({
    data: (chunk) => request.add(chunk),
    end: () => {
      request.trailers = exchange.body.trailers;
      request.complete = true;
      if (!early) answer(exchange, typeof reply === 'function' ? reply(request) : reply);
    },
    failed: () => undefined,
  });
}

function answer(exchange: HttpExchange, reply: StubReply): void {
  const { transport } = exchange;
  const { clock, reports } = transport.reactor;
  if (reply === 'silence') return;
  if (reply === 'reset') {
    transport.abort();
    return;
  }
  if ('raw' in reply) {
    const text = 'Cannot answer with raw bytes over HTTP/2';
    reports.problem('stub', new UsageError('HAWSER_NOT_AVAILABLE', text));
    transport.abort();
    return;
  }
  const { delayMs = 0, pieceDelayMs = 0, interim = [], trailers, end } = reply;
  const { status, headers, pieces } = contentOf(reply);
  const begin = (): void => {
    for (const [code, fields] of interim) {
      exchange.inform(code, toFieldLines(new HttpHeaders(fields)));
    }
    const out = exchange.stream({ status, fields: toFieldLines(headers) });
    const next = (at: number): void => {
      const piece = pieces[at];
      if (piece && piece.length > 0) out.write(piece);
      if (at + 1 < pieces.length) {
        later(pieceDelayMs, () => next(at + 1));
        return;
      }
      if (end === 'reset') {
        transport.abort();
        return;
      }
      out.end(toFieldLines(new HttpHeaders(trailers)));
      // Others of its connection have no say in that.
      if (end === 'close') void exchange.done.then(() => transport.close());
    };
    next(0);
  };
  const later = (ms: number, call: () => void): void => {
    if (ms === 0) clock.callSoon(call);
    else clock.callLater(ms, () => exchange.gone || call());
  };
  later(delayMs, begin);
}
