import type { Answer, HttpHandler } from '../contract/http-handler.ts';
import { type ExecutionContext, fetchApp, type HawserEnv } from '../mount/fetch-app.ts';
import { HttpRequest } from '../web/http-request.ts';
import type { RouteHandler } from './middleware.ts';
import { targetOf } from './request-path.ts';
import { type RoutedRequest, replaceRouted } from './routed-request.ts';

/** An application as Hono, and others that speak `fetch`, are: `fetchApp` for one that needs bindings of its own. */
export interface FetchApplication {
  fetch(request: Request, env: HawserEnv, execution: ExecutionContext): Answer;
}

/**
 * A handler that shows `application` the URL without the first `segments` segments of its path, as Hono and Express do.
 * Everything else of the request is as it was.
 */
export function withoutPrefix(
  application: HttpHandler | FetchApplication,
  segments: number,
): RouteHandler {
  const call = typeof application === 'function' ? application : fetchApp(application);
  if (segments === 0) return call;
  return (request, context) => call(moved(request, segments), context);
}

function moved(request: Request, segments: number): Request {
  const { url } = request;
  const target = targetOf(url);
  const origin = url.slice(0, url.length - target.length);
  const shown = origin + withoutSegments(target, segments);
  if (request instanceof HttpRequest) {
    return replaceRouted(request as unknown as RoutedRequest, request.with({ url: shown }));
  }
  // Private fields of a request are only found on the request itself, so that it cannot be inherited from.
  return new Proxy(request, {
    get(of, key) {
      if (key === 'url') return shown;
      const value: unknown = Reflect.get(of, key, of);
      return typeof value === 'function' && key !== 'constructor' ? value.bind(of) : value;
    },
    set: (of, key, value) => Reflect.set(of, key, value, of),
  });
}

function withoutSegments(target: string, segments: number): string {
  const queryAt = target.search(/[?#]/);
  const path = queryAt < 0 ? target : target.slice(0, queryAt);
  let at = 0;
  for (let seen = 0; seen < segments && at >= 0; seen += 1) at = path.indexOf('/', at + 1);
  const rest = at < 0 ? '/' : path.slice(at);
  return queryAt < 0 ? rest : rest + target.slice(queryAt);
}
