import { HttpRequest } from '../web/http-request.ts';

/** What stands in the place of the body of a request. */
export interface BodyReplacement {
  readonly pieces: AsyncIterable<Uint8Array>;
  readonly headers: Headers;
}

/** `request` with another body, read no faster than it is taken. */
export function replaceBody(request: Request, { pieces, headers }: BodyReplacement): Request {
  const body = toStream(pieces);
  if (request instanceof HttpRequest) return request.with({ headers, body });
  const { url, method, signal } = request;
  return new Request(url, { method, headers: [...headers], body, duplex: 'half', signal });
}

function toStream(pieces: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
