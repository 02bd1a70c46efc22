import { HttpError } from '../http-error.ts';

/**
 * The body of a server's answer. If it breaks off, so does that of the proxy, as the peer must not take half an answer
 * for a whole one; that is nobody's mistake here, and not reported.
 */
export function relayedBody(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (cause) {
          throw new HttpError(502, 'Cannot relay the rest of the answer', { report: false, cause });
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
