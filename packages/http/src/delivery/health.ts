import { type Clock, TimeoutError } from '@hawser/core';
import type { HttpContext, HttpHandler } from '../contract/http-handler.ts';
import type { Middleware } from '../contract/middleware.ts';
import { pathOf, targetOf } from '../routing/request-path.ts';
import { HttpResponse } from '../web/http-response.ts';

/** Whether a part of the application works: false, a throw or a rejection say that it does not. */
export type HealthCheck = (signal: AbortSignal) => unknown;

/** Options for {@link health}. */
export interface HealthOptions {
  /** What must work for the process to be of any use; else it is restarted. @defaultValue nothing but the process */
  readonly live?: Readonly<Record<string, HealthCheck>> | undefined;
  /** What must work for requests to be sent here, such as a database. @defaultValue nothing */
  readonly ready?: Readonly<Record<string, HealthCheck>> | undefined;
  /** True: no more requests should come. @defaultValue once the reactor was asked to stop */
  readonly draining?: ((context: HttpContext) => boolean) | undefined;
  /** Longest a check may take, in milliseconds; all checks run at the same time. @defaultValue 2_000 */
  readonly timeoutMs?: number | undefined;
  /** @defaultValue `'/healthz'` */
  readonly livePath?: string | undefined;
  /** @defaultValue `'/readyz'` */
  readonly readyPath?: string | undefined;
}

/** Handlers for those who watch a process. */
export interface Health {
  /** Whether the process should go on. */
  readonly live: HttpHandler;
  /** Whether it should get requests; not any more when it drains. */
  readonly ready: HttpHandler;
  /** Both at their paths, in front of a handler. */
  readonly middleware: Middleware;
}

type Outcome = readonly [name: string, works: boolean];

/**
 * Answers 200 while everything works and 503 otherwise, with the names of the checks and nothing of their errors, the
 * first of which is reported whenever a check begins to fail. Requests that come while checks run wait for the same run: asking often costs nothing.
 *
 * @example
 * const probes = health({ ready: { database: () => pool.query('select 1') } });
 * const app = router().use(probes.middleware).get('/', home);
 * @throws RangeError if `timeoutMs` is not above 0
 */
export function health(options: HealthOptions = {}): Health {
  const { timeoutMs = 2000, livePath = '/healthz', readyPath = '/readyz' } = options;
  const { draining = isStopping } = options;
  if (!(timeoutMs > 0)) {
    throw new RangeError(`Cannot check the health as timeoutMs must be > 0: ${timeoutMs}`);
  }
  const live = checking(options.live ?? {}, timeoutMs);
  const checkReady = checking(options.ready ?? {}, timeoutMs);
  const ready: HttpHandler = (request, context) =>
    draining(context) ? answer('draining', []) : checkReady(request, context);
  return {
    live,
    ready,
    middleware(request, next, context) {
      if (request.method !== 'GET' && request.method !== 'HEAD') return next();
      const path = pathOf(targetOf(request.url));
      if (path === livePath) return live(request, context);
      return path === readyPath ? ready(request, context) : next();
    },
  };
}

function isStopping({ reactor }: HttpContext): boolean {
  return reactor.lifecycle.stopping.aborted;
}

function checking(checks: Readonly<Record<string, HealthCheck>>, timeoutMs: number): HttpHandler {
  const entries = Object.entries(checks);
  const failing = new Set<string>();
  let running: Promise<readonly Outcome[]> | undefined;
  return (_request, context) => {
    if (entries.length === 0) return answer('ok', []);
    running ??= Promise.all(
      entries.map(
        async ([name, check]): Promise<Outcome> => [
          name,
          await works(name, check, { context, timeoutMs, failing }),
        ],
      ),
    ).finally(() => {
      running = undefined;
    });
    return running.then((outcomes) =>
      answer(outcomes.every(([, good]) => good) ? 'ok' : 'failing', outcomes),
    );
  };
}

interface CheckRun {
  readonly context: HttpContext;
  readonly timeoutMs: number;
  /** Checks whose error was reported, and that have not worked since. */
  readonly failing: Set<string>;
}

/** Never rejects. */
async function works(
  name: string,
  check: HealthCheck,
  { context, timeoutMs, failing }: CheckRun,
): Promise<boolean> {
  const { clock, reports } = context.reactor;
  try {
    const good = (await within(check, { clock, timeoutMs })) !== false;
    if (good) failing.delete(name);
    return good;
  } catch (error) {
    if (!failing.has(name)) reports.problem(`http.health.${name}`, error);
    failing.add(name);
    return false;
  }
}

function within(
  check: HealthCheck,
  { clock, timeoutMs }: { clock: Clock; timeoutMs: number },
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const controller = new AbortController();
    const timer = clock.callLater(timeoutMs, () => {
      const error = new TimeoutError(`Cannot wait for a check longer than ${timeoutMs} ms`);
      controller.abort(error);
      reject(error);
    });
    // What it throws rejects as well.
    new Promise((settle) => settle(check(controller.signal)))
      .finally(() => timer.cancel())
      .then(resolve, reject);
  });
}

function answer(status: 'ok' | 'failing' | 'draining', outcomes: readonly Outcome[]): Response {
  const checks = Object.fromEntries(
    outcomes.map(([name, good]) => [name, good ? 'ok' : 'failing']),
  );
  const body = outcomes.length === 0 ? { status } : { status, checks };
  return HttpResponse.json(body, {
    status: status === 'ok' ? 200 : 503,
    headers: { 'cache-control': 'no-store' },
  });
}
