import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Clock } from '@hawser/core';
import { httpDate } from './http-date.ts';
import { lengthOf } from './request-body.ts';

/**
 * The status a request is refused with before a handler sees it, `undefined` for none. Checks what node's parser lets
 * pass: two Host fields (RFC 9112 §3.2), chunked coding on HTTP/1.0 (§6.1), other transfer codings.
 */
export function refusalOf(request: IncomingMessage, maxBodyBytes: number): number | undefined {
  if (request.httpVersionMajor !== 1) return 505;
  const hosts = countOf(request, 'host');
  if (hosts > 1 || (hosts === 0 && request.httpVersionMinor > 0)) return 400;
  const coding = request.headers['transfer-encoding'];
  if (coding !== undefined) {
    if (request.httpVersionMinor === 0) return 400;
    if (coding.toLowerCase() !== 'chunked') return 501;
  } else if (lengthOf(request) > maxBodyBytes) {
    return 413;
  }
  // A Request cannot be made of these (Fetch standard, "forbidden method").
  if (request.method === 'TRACE' || request.method === 'CONNECT') return 501;
  return undefined;
}

function countOf({ rawHeaders }: IncomingMessage, wanted: string): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() === wanted) count += 1;
  }
  return count;
}

/** The status for a failure of node's parser. */
export function statusOfParseError(code: string | undefined): number {
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return 413;
  return 400;
}

/** The body of an answer that the server gives by itself. Fixed words: nothing of the request comes back. */
export function reasonText(status: number): string {
  return `${STATUS_CODES[status] ?? 'Error'}\n`;
}

/**
 * A whole answer as bytes, for a connection whose parser is gone. It announces the close that must follow.
 *
 * @param fields more header lines, such as `Allow: GET`
 */
export function formatRefusal(
  status: number,
  clock: Pick<Clock, 'epoch'>,
  fields: readonly string[] = [],
): string {
  const text = reasonText(status);
  return [
    `HTTP/1.1 ${status} ${text.trimEnd()}`,
    `Date: ${httpDate(clock)}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${text.length}`,
    'Connection: close',
    ...fields,
    '',
    text,
  ].join('\r\n');
}
