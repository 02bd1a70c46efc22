import type { IncomingMessage, ServerResponse } from 'node:http';

/** What node calls a request listener: an Express app, `koa.callback()`, `(request, response) => ...`. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** An app that has such a listener: Fastify, after `await app.ready()`. */
export interface RoutingApp {
  routing(request: IncomingMessage, response: ServerResponse): unknown;
}

/** Calls the listener of an app; what that throws, now or later, comes to `failed`. */
export function callListener(
  app: NodeListener | RoutingApp,
  request: IncomingMessage,
  response: ServerResponse,
  failed: (thrown: unknown) => void,
): void {
  try {
    const outcome =
      typeof app === 'function' ? app(request, response) : app.routing(request, response);
    if (outcome instanceof Promise) outcome.catch(failed);
  } catch (thrown) {
    failed(thrown);
  }
}
