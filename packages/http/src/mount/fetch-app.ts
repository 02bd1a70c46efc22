import type { HttpContext, HttpHandler } from '../contract/http-handler.ts';
import { toStandardRequest } from '../web/http-request.ts';

/** What fetch apps get as their third argument, as on the platforms they were made for. */
export interface ExecutionContext {
  /** Something goes on after the answer. A rejection is reported. */
  waitUntil(promise: Promise<unknown>): void;
  /** Here it means nothing. */
  passThroughOnException(): void;
  /** Empty here. */
  readonly props: object;
}

/** A function that answers a standard Request. */
export type FetchFunction<Env> = (
  request: Request,
  env: Env,
  execution: ExecutionContext,
) => Response | Promise<Response>;

/** What fetch apps get as `env` unless {@link FetchAppOptions.env} says otherwise. */
export interface HawserEnv {
  /** Whom the exchange is with, and what else a handler knows. */
  readonly hawser: HttpContext;
}

/** Options for {@link fetchApp}. */
export interface FetchAppOptions<Env> {
  /** The bindings of the app, or what makes those of a request. @defaultValue `{ hawser: context }` */
  readonly env?: Env | ((request: Request, context: HttpContext) => Env) | undefined;
  /**
   * Gives the app a Request of this process instead of the one of this server: for apps that pass it to `fetch` or to
   * `new Request`. It costs several times as much. @defaultValue false
   */
  readonly standardRequest?: boolean | undefined;
}

/**
 * An app that answers standard Requests, such as one of Hono, as a handler.
 *
 * @example http(fetchApp(new Hono().get('/', (c) => c.text('hello'))))
 */
export function fetchApp<Env = HawserEnv>(
  app: FetchFunction<Env> | { readonly fetch: FetchFunction<Env> },
  options: FetchAppOptions<Env> = {},
): HttpHandler {
  const { env, standardRequest = false } = options;
  const call: FetchFunction<Env> =
    typeof app === 'function'
      ? app
      : (request, bindings, execution) => app.fetch(request, bindings, execution);
  return (request, context) => {
    const bindings = toEnv(env, request, context);
    const shown = standardRequest ? toStandardRequest(request) : request;
    return call(shown, bindings, executionOf(context));
  };
}

function toEnv<Env>(env: FetchAppOptions<Env>['env'], request: Request, context: HttpContext): Env {
  if (typeof env === 'function') {
    return (env as (request: Request, context: HttpContext) => Env)(request, context);
  }
  return (env ?? { hawser: context }) as Env;
}

function executionOf({ reactor }: HttpContext): ExecutionContext {
  return {
    waitUntil(promise) {
      Promise.resolve(promise).catch((thrown: unknown) => {
        reactor.reports.problem('http.waitUntil', thrown);
      });
    },
    passThroughOnException() {},
    props: {},
  };
}
