import { Deferred } from '@hawser/core';
import type { IncomingBody } from '../contract/body.ts';
import { GrowingBytes } from '../web/growing-bytes.ts';
import { HttpResponseError } from './http-request-error.ts';

/**
 * All of a body, as one buffer. Cancelling gives the rest up.
 * @throws HttpResponseError `HAWSER_HTTP_BODY_TOO_LARGE` beyond `maxBytes`
 */
export function collectBody(body: IncomingBody, maxBytes: number): Deferred<Buffer> {
  const bytes = new GrowingBytes();
  let over = false;
  const stop = (): void => {
    over = true;
    bytes.clear();
    body.discard();
  };
  const all = new Deferred<Buffer>({ canceller: stop, where: 'http body' });
  body.consume({
    data(chunk) {
      if (over) return;
      if (bytes.length + chunk.length <= maxBytes) {
        bytes.add(chunk);
        return;
      }
      stop();
      all.reject(tooLarge(maxBytes));
    },
    end: () => all.resolve(bytes.take()),
    failed: (error) => all.reject(error),
  });
  return all;
}

/** {@link collectBody}, of a stream. */
export async function collectStream(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
): Promise<Buffer> {
  const bytes = new GrowingBytes();
  // Leaving the loop cancels the stream.
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
    if (bytes.length + chunk.length > maxBytes) throw tooLarge(maxBytes);
    bytes.add(chunk);
  }
  return bytes.take();
}

function tooLarge(maxBytes: number): HttpResponseError {
  const text = `Cannot hold the body as it has more than ${maxBytes} octets`;
  return new HttpResponseError('HAWSER_HTTP_BODY_TOO_LARGE', text, { phase: 'body' });
}
