import type { Factory } from '@hawser/core';
import type { HttpHandler } from '../contract/http-handler.ts';
import type { Http1Options } from '../server/http-options.ts';
import { limitConnections } from '../server/limit-connections.ts';
import { webResponder } from '../web/web-responder.ts';
import { Http2Connection } from './http2-connection.ts';
import { toHttp2Limits } from './http2-limits.ts';
import type { Http2Options } from './http2-options.ts';
import { matchHttp2 } from './with-http2.ts';

/** Options for {@link http2}. */
export interface Http2ServerOptions
  extends Http2Options,
    Omit<Http1Options, 'websocket' | 'upgradeTimeoutMs'> {
  /** Longest request body that is collected whole; over it 413. @defaultValue 1_048_576 */
  readonly maxBodyBytes?: number | undefined;
}

/**
 * Serves HTTP/2 (RFC 9113) and nothing else, over whatever carries bytes. {@link http} speaks it as well, beside
 * HTTP/1; this is for a port where nobody speaks HTTP/1, such as one for gRPC.
 *
 * Requests of a connection are answered side by side. What HTTP/1 refuses is refused here too, by the same status. Time
 * is that of the reactor. A connection that is told to finish says so by GOAWAY, answers what is open, then ends.
 *
 * @throws RangeError when a limit is not above 0
 */
export function http2(handler: HttpHandler, options: Http2ServerOptions = {}): Factory {
  const limits = toHttp2Limits(options, options);
  const settings = {
    limits,
    responder: webResponder(handler, { maxBodyBytes: options.maxBodyBytes }),
  };
  const factory: Factory = {
    name: 'http2',
    match: matchHttp2,
    acceptableProtocols: ['h2'],
    buildProtocol: () => new Http2Connection(settings),
  };
  return limitConnections(factory, options.maxConnections);
}
