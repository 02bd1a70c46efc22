import { HttpError } from '../http-error.ts';

/** The pieces of `stream`, up to a limit. @throws HttpError 413 beyond it */
export async function* limitedBody(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new HttpError(413, `Cannot hand on a body of more than ${maxBytes} octets`);
    }
    yield chunk;
  }
}
