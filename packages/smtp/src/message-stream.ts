import type { Readable } from 'node:stream';

/**
 * A message on its way in, as the client sent it: header and body, lines ended by CRLF, without dot stuffing. Read it
 * once: iterate, give it to `stream.pipeline`, or take the `bytes`. Reading fails if the client breaks off or the
 * message must be refused (too big, a bare CR or LF), so what was read counts only once reading has ended well.
 */
export class MessageStream implements AsyncIterable<Buffer> {
  readonly #source: Readable;

  constructor(source: Readable) {
    this.#source = source;
  }

  [Symbol.asyncIterator](): AsyncIterator<Buffer> {
    return this.#source[Symbol.asyncIterator]();
  }

  /** The whole message, at most `maxMessageBytes` of the server. */
  async bytes(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this) chunks.push(chunk);
    return Buffer.concat(chunks);
  }
}
