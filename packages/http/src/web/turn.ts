import type { HttpExchange } from '../contract/exchange.ts';
import type { HttpHandler } from '../contract/http-handler.ts';
import { HttpError } from '../http-error.ts';
import type { ExchangeContext } from './exchange-context.ts';
import { HttpRequest } from './http-request.ts';
import { kindOf } from './kind-of.ts';

/** How deep an error may be wrapped and still be known. */
const MAX_CAUSES = 8;

/** One exchange while a handler answers it. */
export interface Turn {
  readonly exchange: HttpExchange;
  readonly request: HttpRequest;
  readonly context: ExchangeContext;
  readonly handler: HttpHandler;
}

/** The answer has left, or was given up: nobody reads on. */
export function endTurn({ exchange, request }: Turn): void {
  const body = HttpRequest.bodyOf(request);
  if (body) body.abandon();
  // Who consumes it without us knows what for.
  else if (exchange.body.length !== 0 && !exchange.body.used) exchange.body.discard();
}

/**
 * Tells of a mistake in user code, unless the peer is gone, which most things fail of. While it may still wait for the
 * answer, having ended its side only, nothing is said of what failed by that; nor of an {@link HttpError} that does not
 * want it.
 */
export function report({ exchange }: Turn, thrown: unknown): void {
  if (exchange.gone || (thrown instanceof HttpError && !thrown.report)) return;
  const { aborted, reason } = exchange.signal;
  if (aborted && isCausedBy(thrown, reason)) return;
  exchange.transport.reactor.reports.problem('http.handler', asError(thrown));
}

/** The reason why the body of the request could not be had, if `thrown` is it or was caused by it. */
export function bodyFailure(
  { request }: Pick<Turn, 'request'>,
  thrown: unknown,
): Error | undefined {
  const failure = HttpRequest.bodyOf(request)?.failure;
  return failure !== undefined && isCausedBy(thrown, failure) ? failure : undefined;
}

/** What has no stack does not say where it was thrown. */
function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  const text = `Cannot answer a request as ${kindOf(thrown)} was thrown: throw an Error`;
  return new TypeError(typeof thrown === 'string' ? `${text}: ${JSON.stringify(thrown)}` : text, {
    cause: thrown,
  });
}

function isCausedBy(thrown: unknown, cause: unknown): boolean {
  let error = thrown;
  for (let depth = 0; depth < MAX_CAUSES && error instanceof Error; depth++) {
    if (error === cause) return true;
    error = error.cause;
  }
  return false;
}
