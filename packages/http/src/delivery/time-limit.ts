import { type DelayedCall, TimeoutError } from '@hawser/core';
import type { HttpContext } from '../contract/http-handler.ts';
import type { Middleware } from '../contract/middleware.ts';
import { HttpError } from '../http-error.ts';
import { isLater } from '../routing/now-or-later.ts';
import { discardResponse } from './response-pieces.ts';
import { ScopedSignal } from './scoped-signal.ts';

/** Options for {@link timeLimit}. */
export interface TimeLimitOptions {
  /** 503 says that we are too slow, 504 that somebody behind us is. @defaultValue 503 */
  readonly status?: 503 | 504 | undefined;
}

/**
 * Answers with 503 when the handler has given no answer for `ms` milliseconds on the clock of the reactor, and aborts
 * `request.signal` and `context.signal` with a TimeoutError, so that what the handler waits for can stop. What it answers
 * later is thrown away. The body of an answer that was given in time has all the time it needs.
 *
 * It throws an HttpError, which handlers of errors can answer in their own way, and which is not reported: slow answers
 * come by the thousand when they come. An access log tells of them.
 *
 * @throws RangeError if `ms` is not above 0
 */
export function timeLimit(ms: number, options: TimeLimitOptions = {}): Middleware {
  const { status = 503 } = options;
  if (!(ms > 0)) throw new RangeError(`Cannot limit the time as it must be > 0: ${ms}`);
  return (request, next, context) => {
    const scope = new ScopedSignal(request, context);
    let answer: Response | Promise<Response>;
    try {
      answer = next();
    } catch (error) {
      scope.end();
      throw error;
    }
    if (isLater(answer)) return race(answer, { ms, status, scope, context });
    scope.end();
    return answer;
  };
}

interface Race {
  readonly ms: number;
  readonly status: number;
  readonly scope: ScopedSignal;
  readonly context: HttpContext;
}

function race(
  answer: PromiseLike<Response>,
  { ms, status, scope, context }: Race,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    let late = false;
    const timer: DelayedCall = context.reactor.clock.callLater(ms, () => {
      late = true;
      const error = new TimeoutError(`Cannot answer within ${ms} ms`);
      scope.abort(error);
      reject(new HttpError(status, 'Cannot answer in time', { cause: error, report: false }));
    });
    answer.then(
      (response) => {
        timer.cancel();
        if (late) {
          discardResponse(response);
          return;
        }
        scope.end();
        resolve(response);
      },
      (error: unknown) => {
        timer.cancel();
        scope.end();
        // What fails after the abort most likely fails because of it.
        if (!late) reject(error);
      },
    );
  });
}
