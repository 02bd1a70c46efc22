import { createTestReactor } from '@hawser/core/testing';
import type { HttpContext, HttpHandler } from '../../src/contract/http-handler.ts';

/** A context for handlers that are called directly. */
export function contextFor(reactor = createTestReactor()): HttpContext {
  const address = { kind: 'memory', name: 'test' } as const;
  return {
    id: 1,
    reactor,
    local: address,
    peer: address,
    info: () => undefined,
    secure: false,
    version: '1.1',
    signal: new AbortController().signal,
    done: Promise.resolve(),
    sentStatus: undefined,
    sentBytes: 0,
    inform: () => {},
    provide: () => {},
    trailers: new Headers(),
  };
}

/** What `app` answers to a request in memory. A path is that of `http://example.net`. */
export function ask(
  app: HttpHandler,
  url: string,
  init: RequestInit = {},
  context: HttpContext = contextFor(),
): Response | Promise<Response> {
  const absolute = url.startsWith('/') ? `http://example.net${url}` : url;
  return app(requestAt(absolute, init), context);
}

/** A standard request that shows `url` as it is: the class would resolve dot segments and refuse what is no URL. */
function requestAt(url: string, init: RequestInit): Request {
  const request = new Request('http://example.net/', init);
  return Object.defineProperty(request, 'url', { value: url, configurable: true });
}
