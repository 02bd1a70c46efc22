import type { Factory } from '@hawser/core';
import type { Responder } from '../contract/exchange.ts';
import type { HttpHandler } from '../contract/http-handler.ts';
import { webResponder } from '../web/web-responder.ts';
import { checkLimit, type HttpOptions } from './http-options.ts';
import { http1 } from './http1.ts';

/** What answers exchanges itself, below Request and Response, such as an app of another framework that is mounted. */
export interface HttpApp {
  readonly responder: Responder;
}

/**
 * Serves HTTP/1.1 and 1.0 (RFC 9110, RFC 9112) with a handler of Request and Response, over whatever carries bytes. Each
 * connection has limits on size and time, and says goodbye when the process stops.
 *
 * @throws RangeError when a limit is not above 0
 * @example serve('tcp://:8080', http((request) => new Response(`You asked for ${request.url}\n`)))
 */
export function http(app: HttpHandler | HttpApp, options: HttpOptions = {}): Factory {
  const { maxBodyBytes = 1_048_576, ...rest } = options;
  checkLimit('maxBodyBytes', maxBodyBytes);
  const responder = 'responder' in app ? app.responder : webResponder(app, { maxBodyBytes });
  return http1(responder, rest);
}
