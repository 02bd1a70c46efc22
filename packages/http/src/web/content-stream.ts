import { Readable } from 'node:stream';
import { collectStream } from './collect-stream.ts';
import { type Content, isStream } from './response-content.ts';

/** The body of a response as a stream of bytes, for readers that know nothing else. */
export function toStream(content: NonNullable<Content>): ReadableStream {
  if (isStream(content)) return content;
  if (typeof content === 'string' || content instanceof Uint8Array) {
    return new ReadableStream(
      {
        pull: (controller) => {
          const bytes = Buffer.from(content as string);
          if (bytes.length > 0) controller.enqueue(bytes);
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
  }
  const pieces = content[Symbol.asyncIterator]();
  return new ReadableStream(
    {
      pull: async (controller) => {
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(typeof value === 'string' ? Buffer.from(value) : value);
      },
      cancel: async (reason) => {
        if (content instanceof Readable) content.destroy();
        else await pieces.return?.(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

/** What `convert` makes of a whole body. Whole ones need one promise and no stream. */
export async function collectContent<T>(
  content: Content,
  convert: (bytes: Buffer) => T | Promise<T>,
): Promise<T> {
  if (content === null) return convert(Buffer.alloc(0));
  if (typeof content === 'string') return convert(Buffer.from(content));
  if (content instanceof Uint8Array) {
    return convert(Buffer.from(content.buffer, content.byteOffset, content.byteLength));
  }
  return convert(await collectStream(toStream(content), Number.POSITIVE_INFINITY));
}
