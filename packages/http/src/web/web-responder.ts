import type { HttpExchange, Responder } from '../contract/exchange.ts';
import type { HttpHandler } from '../contract/http-handler.ts';
import { answerError } from './answer-error.ts';
import { ExchangeContext } from './exchange-context.ts';
import { HttpRequest } from './http-request.ts';
import { HttpResponse } from './http-response.ts';
import { noResponse } from './no-response.ts';
import { plainAnswer } from './plain-answer.ts';
import { isNamed } from './request-url.ts';
import { isForeignResponse, sendForeign } from './send-foreign.ts';
import { sendOwn } from './send-own.ts';
import type { Turn } from './turn.ts';

/** Options for {@link webResponder}. */
export interface WebResponderOptions {
  /** Longest body that a handler gets by `text()`, `json()` and their like, in octets. @defaultValue 1_048_576 */
  readonly maxBodyBytes?: number | undefined;
}

/**
 * Lets a Web-standard handler answer exchanges. What the handler gives without waiting is sent in the same turn.
 *
 * - A standard Response from elsewhere (of this process, of undici) does as well: text and bytes leave with their
 *   length, a stream with back-pressure; it is cancelled when the peer leaves.
 * - An {@link HttpError} is answered with its status, and reported if it says so. Anything else thrown, and what is no
 *   Response, is reported and answered with a plain 500: the peer does not see the message. What is thrown because
 *   the body could not be had is the peer's fault: 413, 408 or 400, and no report. Nor is there one once the peer left.
 * - A body that fails midway resets the connection, or the stream, as half an answer must not pass for a whole.
 * - What no handler should see is answered here: a target that no URL can name with 400, `OPTIONS *` with 204 (RFC 9110
 *   §9.3.7), TRACE with 501. CONNECT answered with 2xx, yet not by `takeOver`, becomes 501: the peer would take what
 *   follows for its tunnel (§9.3.6).
 *
 * @throws RangeError when `maxBodyBytes` is below 0
 */
export function webResponder(handler: HttpHandler, options: WebResponderOptions = {}): Responder {
  const { maxBodyBytes = 1_048_576 } = options;
  if (!(maxBodyBytes >= 0)) {
    throw new RangeError(`Cannot serve as maxBodyBytes must be >= 0: ${maxBodyBytes}`);
  }
  // Node loads all of fetch when it is first asked for: now, rather than while the first peer waits.
  void globalThis.Request;
  const requestOptions = { maxBodyBytes };
  return (exchange) => {
    if (!answeredHere(exchange)) {
      const request = new HttpRequest(exchange, requestOptions);
      const context = new ExchangeContext(exchange);
      run({ exchange, request, context, handler });
    }
  };
}

function run(turn: Turn): void {
  const { handler, request, context } = turn;
  let answer: Response | Promise<Response>;
  try {
    // 400 if there is none, before the handler relies on it.
    if (!isNamed(turn.exchange)) void request.url;
    answer = handler(request, context);
  } catch (thrown) {
    answerError(turn, thrown);
    return;
  }
  if (isThenable(answer)) {
    // What is no Promise may do anything when it is asked.
    const promise = answer instanceof Promise ? answer : Promise.resolve(answer);
    void promise.then(
      (response) => send(turn, response),
      (thrown: unknown) => answerError(turn, thrown),
    );
  } else {
    send(turn, answer);
  }
}

/** Never throws. */
function send(turn: Turn, response: Response): void {
  try {
    const parts = HttpResponse.partsOf(response);
    if (parts) sendOwn(turn, response as HttpResponse, parts);
    else if (isForeignResponse(response)) void sendForeign(turn, response);
    else answerError(turn, noResponse('handler', response));
  } catch (thrown) {
    answerError(turn, thrown);
  }
}

function answeredHere(exchange: HttpExchange): boolean {
  const { method } = exchange;
  if (method === 'OPTIONS' && exchange.target === '*') {
    exchange.respond({ status: 204, fields: [] });
  } else if (method === 'TRACE') {
    plainAnswer({ exchange, context: new ExchangeContext(exchange) }, 501);
  } else {
    return false;
  }
  exchange.body.discard();
  return true;
}

function isThenable(value: unknown): value is Promise<Response> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
