import { kindOf } from './kind-of.ts';

/** What a handler or a middleware is told that gave something else than a Response. */
export function noResponse(who: 'handler' | 'middleware', given: unknown): TypeError {
  return new TypeError(
    `Cannot answer a request as the ${who} gave ${kindOf(given)} and no Response: ${adviceFor(who, given)}`,
  );
}

function adviceFor(who: 'handler' | 'middleware', given: unknown): string {
  if (given !== undefined && given !== null) {
    return `return HttpResponse.${typeof given === 'string' ? 'text' : 'json'}(...)`;
  }
  return who === 'middleware' ? 'return what next() gives, or an answer' : 'return one';
}
