import type { Factory } from '@hawser/core';
import type { Responder } from '../contract/exchange.ts';
import type { HttpHandler } from '../contract/http-handler.ts';
import { toHttp2Limits } from '../http2/http2-limits.ts';
import { withHttp2 } from '../http2/with-http2.ts';
import { kindOf } from '../web/kind-of.ts';
import { webResponder } from '../web/web-responder.ts';
import { checkLimit, type HttpOptions } from './http-options.ts';
import { http1 } from './http1.ts';
import { limitConnections } from './limit-connections.ts';

/** What answers exchanges itself, below Request and Response, such as an app of another framework that is mounted. */
export interface HttpApp {
  readonly responder: Responder;
}

/**
 * Serves HTTP/1.1 and 1.0 (RFC 9110, RFC 9112) with a handler of Request and Response, over whatever carries bytes. Each
 * connection has limits on size and time, and says goodbye when the process stops. HTTP/2 (RFC 9113) is spoken too, with
 * clients that agree on it by ALPN, or begin with its preface.
 *
 * @throws RangeError when a limit is not above 0
 * @example serve('tcp://:8080', http((request) => new Response(`You asked for ${request.url}\n`)))
 */
export function http(app: HttpHandler | HttpApp, options: HttpOptions = {}): Factory {
  const { maxBodyBytes = 1_048_576, http2 = {}, maxConnections, ...rest } = options;
  checkLimit('maxBodyBytes', maxBodyBytes);
  checkApp(app);
  const responder = 'responder' in app ? app.responder : webResponder(app, { maxBodyBytes });
  // Both versions together have the one limit.
  const first = http1(responder, { ...rest, maxConnections: Number.POSITIVE_INFINITY });
  if (http2 === false) return limitConnections(first, maxConnections);
  const both = withHttp2(first, { responder, limits: toHttp2Limits(http2, rest) });
  return limitConnections(both, maxConnections);
}

/** @throws TypeError for what is no handler, such as an app of another framework */
function checkApp(app: unknown): void {
  const isObject = typeof app === 'object' && app !== null;
  // Express, and what is made like it, is a function, but of two other arguments.
  const isListener = typeof app === 'function' && 'handle' in app && 'listen' in app;
  if ((typeof app === 'function' && !isListener) || (isObject && 'responder' in app)) return;
  const how = isObject && 'fetch' in app ? 'fetchApp(app)' : 'nodeApp(app)';
  throw new TypeError(
    `Cannot serve ${kindOf(app)} as it is no handler: give a function from Request to Response, a router, or ${how} for an app of another framework`,
  );
}
