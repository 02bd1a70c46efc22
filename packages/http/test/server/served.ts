import {
  type CollectedReports,
  createTestReactor,
  FakeTransport,
  type TestReactor,
} from '@hawser/core/testing';
import type { HttpExchange, Responder } from '../../src/contract/exchange.ts';
import type { Http1Options } from '../../src/server/http-options.ts';
import { http1 } from '../../src/server/http1.ts';

/** A connection whose peer is the test. */
export interface Served {
  readonly transport: FakeTransport;
  readonly reactor: TestReactor;
  readonly reports: CollectedReports;
  /** What was asked, in order. */
  readonly exchanges: HttpExchange[];
  /** All that was answered since the last take. */
  readonly text: () => string;
}

/** Serves one connection with `responder`, which answers nothing by itself unless it is given. */
export function served(
  responder: Responder = () => undefined,
  options: Http1Options & { readonly highWaterMark?: number } = {},
): Served {
  const { highWaterMark, ...rest } = options;
  const reactor = createTestReactor();
  const transport = new FakeTransport({ reactor, highWaterMark });
  const exchanges: HttpExchange[] = [];
  transport.adopt(
    http1((exchange) => {
      exchanges.push(exchange);
      responder(exchange);
    }, rest),
  );
  return {
    transport,
    reactor,
    reports: reactor.reports,
    exchanges,
    text: () => transport.takeText('latin1'),
  };
}

/** Answers with its target. */
export const echoTarget: Responder = (exchange) =>
  exchange.respond({ status: 200, fields: [] }, exchange.target);

export function get(target: string, ...fields: readonly string[]): string {
  return [`GET ${target} HTTP/1.1`, 'Host: a.test', ...fields, '', ''].join('\r\n');
}

export function post(target: string, body: string, ...fields: readonly string[]): string {
  const length = `Content-Length: ${body.length}`;
  return [`POST ${target} HTTP/1.1`, 'Host: a.test', length, ...fields, '', body].join('\r\n');
}

/** Collects a body as text. */
export function collect(exchange: HttpExchange): {
  text: string;
  ended: boolean;
  failed: Error | undefined;
} {
  const got = { text: '', ended: false, failed: undefined as Error | undefined };
  exchange.body.consume({
    data: (chunk) => {
      got.text += chunk.toString('latin1');
    },
    end: () => {
      got.ended = true;
    },
    failed: (error) => {
      got.failed = error;
    },
  });
  return got;
}
