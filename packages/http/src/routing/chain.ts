import { toError, UsageError } from '@hawser/core';
import type { Answer, HttpContext } from '../contract/http-handler.ts';
import type { Next } from '../contract/middleware.ts';
import type { HttpErrorCode } from '../errors.ts';
import { HttpError } from '../http-error.ts';
import { noResponse } from '../web/no-response.ts';
import { errorAnswer } from './error-answer.ts';
import type { Middleware, RouteHandler } from './middleware.ts';
import { isLater } from './now-or-later.ts';
import { requestState } from './request-state.ts';
import { type RoutedRequest, replaceRouted } from './routed-request.ts';
import { type Scope, scopesFromOutside } from './scope.ts';

/** Middleware and a handler, in the order they are called. Made once, when routes are compiled. */
export interface Chain {
  readonly steps: readonly Step[];
  readonly handler: RouteHandler;
  /** Whose handlers of errors what `handler` throws goes to, and then to those around it. */
  readonly scope: Scope;
  /** Nobody would see what an error is made into: it goes straight to the server. */
  readonly bare: boolean;
}

interface Step {
  readonly middleware: Middleware;
  readonly scope: Scope;
}

// What no router could answer is not tried again at each middleware on its way out.
const unanswered = requestState<{ readonly thrown: unknown }>('unanswered');

/** `own` stands behind the middleware of the routers. */
export function compileChain(
  scope: Scope,
  own: readonly Middleware[],
  handler: RouteHandler,
): Chain {
  const scopes = scopesFromOutside(scope);
  const steps: Step[] = [];
  for (const each of scopes) {
    for (const middleware of each.middleware) steps.push({ middleware, scope: each });
  }
  for (const middleware of own) steps.push({ middleware, scope });
  const bare = steps.length === 0 && scopes.every((each) => each.errors.size === 0);
  return { steps, handler, scope, bare };
}

/** Calls a chain. Without middleware and handlers of errors that is the handler itself. */
export function runChain(chain: Chain, request: RoutedRequest, context: HttpContext): Answer {
  return chain.bare ? chain.handler(request, context) : runFrom(chain, 0, request, context);
}

// Errors become answers where they happen, so that the middleware around (CORS, logs) sees an answer and not a throw.
function runFrom(
  chain: Chain,
  index: number,
  request: RoutedRequest,
  context: HttpContext,
): Answer {
  const step = chain.steps[index];
  const scope = step === undefined ? chain.scope : step.scope;
  try {
    const answer =
      step === undefined
        ? chain.handler(request, context)
        : step.middleware(request, nextOf(chain, index + 1, request, context), context);
    if (isLater(answer)) {
      return answer.then(
        (response) => response ?? recover(scope, missing(step, response), request, context),
        (error: unknown) => recover(scope, error, request, context),
      );
    }
    return answer ?? recover(scope, missing(step, answer), request, context);
  } catch (error) {
    return recover(scope, error, request, context);
  }
}

// Here it is known whose mistake it is, and those around it see an answer.
function missing(step: Step | undefined, given: unknown): TypeError {
  return noResponse(step === undefined ? 'handler' : 'middleware', given);
}

function nextOf(chain: Chain, index: number, request: RoutedRequest, context: HttpContext): Next {
  let called = false;
  return (replacement) => {
    if (called) {
      throw new UsageError<HttpErrorCode>(
        'HAWSER_HTTP_NEXT_TWICE',
        `Cannot call next again as the request went on already: ${request.method} ${request.url}`,
      );
    }
    called = true;
    const onward =
      replacement === undefined || replacement === request
        ? request
        : replaceRouted(request, replacement);
    const answer = runFrom(chain, index, onward, context);
    // It may fail before the middleware looks at it, which must not end the process.
    if (isLater(answer)) void answer.then(undefined, ignore);
    return answer;
  };
}

function ignore(): void {}

// The nearest router first. A handler that throws leaves it to the router around its own.
function recover(
  nearest: Scope | undefined,
  thrown: unknown,
  request: RoutedRequest,
  context: HttpContext,
): Answer {
  const before = unanswered.get(request);
  if (before !== undefined && before.thrown === thrown) throw thrown;
  const error = toError(thrown);
  for (let scope = nearest; scope; scope = scope.parent) {
    const handler = scope.errors.find(error);
    if (handler === undefined) continue;
    const { parent } = scope;
    try {
      const answer = handler(error, request, context);
      return isLater(answer)
        ? answer.then(undefined, (next: unknown) => recover(parent, next, request, context))
        : answer;
    } catch (next) {
      return recover(parent, next, request, context);
    }
  }
  // The server answers it like this too, but then nobody on the way would see the answer. Faults of ours are for it.
  if (error instanceof HttpError && !error.report) return errorAnswer(error);
  unanswered.set(request, { thrown });
  throw thrown;
}
