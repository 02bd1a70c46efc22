import { Deferred } from '@hawser/core';
import type { IncomingBody } from '../contract/body.ts';
import { HttpResponseError } from './http-request-error.ts';

/**
 * All of a body, as one buffer. Cancelling gives the rest up.
 * @throws HttpResponseError `HAWSER_HTTP_BODY_TOO_LARGE` beyond `maxBytes`
 */
export function collectBody(body: IncomingBody, maxBytes: number): Deferred<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  let over = false;
  const stop = (): void => {
    over = true;
    chunks.length = 0;
    body.discard();
  };
  const all = new Deferred<Buffer>({ canceller: stop, where: 'http body' });
  const add = (bytes: number): boolean => {
    size += bytes;
    if (size <= maxBytes) return true;
    stop();
    all.reject(tooLarge(maxBytes));
    return false;
  };
  body.consume({
    data(chunk) {
      if (!over && add(chunk.length)) chunks.push(chunk);
    },
    end: () => all.resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)),
    failed: (error) => all.reject(error),
  });
  return all;
}

/** {@link collectBody}, of a stream. */
export async function collectStream(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the stream.
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(maxBytes: number): HttpResponseError {
  const text = `Cannot hold the body as it has more than ${maxBytes} octets`;
  return new HttpResponseError('HAWSER_HTTP_BODY_TOO_LARGE', text, { phase: 'body' });
}
