import { bodyTooLarge } from './body-errors.ts';
import { GrowingBytes } from './growing-bytes.ts';

/**
 * Reads a stream of bytes to its end. Over `maxBytes` it is cancelled.
 *
 * @throws HttpError 413 when there is more; TypeError when it has something but bytes
 */
export async function collectStream(stream: ReadableStream, maxBytes: number): Promise<Buffer> {
  const reader = stream.getReader();
  const bytes = new GrowingBytes();
  for (;;) {
    const { done, value } = (await reader.read()) as { done: boolean; value?: unknown };
    if (done) break;
    if (!(value instanceof Uint8Array)) {
      void reader.cancel().catch(() => undefined);
      throw new TypeError(`Cannot read the body as it must consist of bytes: ${typeof value}`);
    }
    if (bytes.length + value.length > maxBytes) {
      void reader.cancel().catch(() => undefined);
      throw bodyTooLarge(maxBytes);
    }
    bytes.add(value);
  }
  return bytes.take();
}
