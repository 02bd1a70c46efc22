/** What stands in the place of the body of a request. */
export interface BodyReplacement {
  readonly pieces: AsyncIterable<Uint8Array>;
  readonly headers: Headers;
}

/**
 * `request` with another body, read no faster than it is taken. It is a Request of the standard: what is not told there,
 * such as the exchange behind it, it does not have.
 */
export function replaceBody(request: Request, { pieces, headers }: BodyReplacement): Request {
  const iterator = pieces[Symbol.asyncIterator]();
  const body = new ReadableStream<Uint8Array>(
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
  const { url, method, signal } = request;
  return new Request(url, { method, headers: [...headers], body, duplex: 'half', signal });
}
