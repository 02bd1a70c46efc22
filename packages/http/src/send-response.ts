import type { ServerResponse } from 'node:http';
import type { Clock } from '@hawser/core';
import { httpDate } from './http-date.ts';
import { type BodyRead, type Opening, piecesOf, readOpening, toBytes } from './response-body.ts';

// Fields that say how this one connection works are the server's to write (RFC 9110 §7.6.1).
const OWN_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);

/** How {@link sendResponse} sends. */
export interface SendOptions {
  readonly clock: Clock;
  /** Whether the connection must end with this answer; asked when the head is written. */
  lastAnswer(): boolean;
}

/**
 * Writes `response` with back-pressure: with Content-Length if its body is ready at once, else chunked, or up to the
 * end of the connection on HTTP/1.0. Settles when everything was given to the connection. When the peer leaves, the
 * source of the body is cancelled.
 *
 * @throws whatever the response or its body is wrong with; `message.headersSent` tells whether anything has left
 */
export async function sendResponse(
  response: Response,
  message: ServerResponse,
  options: SendOptions,
): Promise<void> {
  if (response.bodyUsed) throw new TypeError('Cannot send a response as its body was used already');
  const reader = response.body?.getReader();
  if (!reader) {
    const bodiless = response.status === 204 || response.status === 304;
    if (!bodiless && message.req.method !== 'HEAD') message.setHeader('Content-Length', 0);
    writeHead(response, message, options);
    message.end();
    return;
  }
  const cancel = (): void => void reader.cancel().catch(() => undefined);
  message.once('close', cancel);
  if (message.destroyed || message.closed) cancel();
  try {
    const opening = await readOpening(reader, options.clock);
    writeHead(response, message, options, opening);
    if (message.req.method === 'HEAD') {
      cancel();
    } else {
      await writeChunks(opening.chunks, message);
      if (opening.next) await pump(reader, opening.next, message);
    }
    message.end();
  } catch (thrown) {
    cancel();
    throw thrown;
  } finally {
    message.off('close', cancel);
  }
}

function writeHead(
  response: Response,
  message: ServerResponse,
  options: SendOptions,
  opening?: Opening,
): void {
  message.sendDate = false;
  message.setHeader('Date', httpDate(options.clock));
  for (const [name, value] of response.headers) {
    if (OWN_FIELDS.has(name) || name === 'set-cookie') continue;
    // RFC 9110 §8.6.
    if (name === 'content-length' && response.status === 204) continue;
    message.setHeader(name, value);
  }
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) message.setHeader('Set-Cookie', cookies);
  if (opening && !opening.next) message.setHeader('Content-Length', opening.bytes);
  const asked = response.headers.get('connection')?.toLowerCase() === 'close';
  if (asked || options.lastAnswer()) message.shouldKeepAlive = false;
  // Chunks are for HTTP/1.1 alone; node would send them to a 1.0 client that names them in TE.
  message.useChunkedEncodingByDefault = message.req.httpVersionMinor > 0;
  message.strictContentLength = true;
  if (response.statusText) message.writeHead(response.status, response.statusText);
  else message.writeHead(response.status);
}

async function pump(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  first: BodyRead,
  message: ServerResponse,
): Promise<void> {
  message.flushHeaders();
  let result = await first;
  while (!result.done && !message.destroyed) {
    await writeChunks([toBytes(result.value)], message);
    result = await reader.read();
  }
}

async function writeChunks(chunks: readonly Uint8Array[], message: ServerResponse): Promise<void> {
  for (const chunk of chunks) {
    for (const piece of piecesOf(chunk)) {
      if (message.destroyed) return;
      if (!message.write(piece)) await drained(message);
    }
  }
}

function drained(message: ServerResponse): Promise<void> {
  if (message.destroyed) return Promise.resolve();
  return new Promise((done) => {
    const settle = (): void => {
      message.off('drain', settle);
      message.off('close', settle);
      done();
    };
    message.on('drain', settle);
    message.on('close', settle);
  });
}
