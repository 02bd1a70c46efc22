import type { Middleware } from '../contract/middleware.ts';
import { HttpError } from '../http-error.ts';
import { HttpRequest } from '../web/http-request.ts';
import { replaceBody } from './replace-body.ts';

/**
 * Refuses requests with a body of more than `maxBytes` octets with 413: at once where the peer has told the length, and
 * otherwise when the handler has read that many, as an HttpError from whatever reads. Streams are counted as well. What
 * collects, such as `json()` and `validate`, takes as many: it stands in the place of `maxBodyBytes` of the server.
 *
 * @throws RangeError if `maxBytes` is below 0
 */
export function bodyLimit(maxBytes: number): Middleware {
  if (!(maxBytes >= 0)) {
    throw new RangeError(`Cannot limit bodies as maxBytes must be >= 0: ${maxBytes}`);
  }
  return (request, next) => {
    if (request instanceof HttpRequest) HttpRequest.limitBody(request, maxBytes);
    const length = lengthOf(request);
    if (length !== undefined) {
      if (length > maxBytes) throw tooLarge(maxBytes);
      return next();
    }
    const { body } = request;
    if (body === null) return next();
    const pieces = counted(body, maxBytes);
    return next(replaceBody(request, { pieces, headers: request.headers }));
  };
}

/** What the peer has said, and its engine holds it to; of a body that was replaced, such as decompressed, nothing. */
function lengthOf(request: Request): number | undefined {
  if (request instanceof HttpRequest) return HttpRequest.lengthOf(request);
  const field = request.headers.get('content-length');
  return field !== null && /^\d+$/.test(field) ? Number(field) : undefined;
}

async function* counted(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxBytes) throw tooLarge(maxBytes);
    yield chunk;
  }
}

function tooLarge(maxBytes: number): HttpError {
  return new HttpError(413, `Cannot take a body of more than ${maxBytes} octets`);
}
