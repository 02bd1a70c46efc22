// What the record API takes of HTTP, and what it says of errors.
import { HawserError, TimeoutError } from '@hawser/core';
import { StoreError } from '../../errors.ts';
import { readBody } from '../http/read-body.ts';
import { Problem } from './problem.ts';

/** True if the client takes JSON. */
export function accepts(request: Request): boolean {
  const accept = request.headers.get('accept');
  return (
    accept === null || /(?:^|[,\s])(?:\*\/\*|application\/(?:\*|json))\s*(?:[;,]|$)/i.test(accept)
  );
}

/** The answer to HEAD. */
export function withoutBody(response: Response): Response {
  const { status, headers } = response;
  return new Response(null, { status, headers });
}

/** A part of a path. Throws Problem for what cannot be decoded. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Problem(400, 'Cannot read the path as an escape in it is wrong');
  }
}

/** The body of `request`, which must be an object as JSON. Throws Problem. */
export async function jsonBody(
  request: Request,
  maxBytes: number,
): Promise<Readonly<Record<string, unknown>>> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/json\s*(?:;|$)/i.test(type))
    throw new Problem(415, 'Cannot read anything but application/json');
  const text = await readBody(request, maxBytes);
  if (text === undefined) throw new Problem(413, `Cannot read more than ${maxBytes} octets`);
  const body = parseObject(text);
  if (body === undefined) throw new Problem(400, 'Cannot read the body as it is no JSON object');
  return body;
}

/** What a client is told of `error`. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TimeoutError)
    return new Problem(504, `${error.message}; the change is made`);
  if (error instanceof StoreError)
    return new Problem(503, 'Cannot store the change now', { headers: { 'retry-after': '10' } });
  // The codecs were asked before: what is left is about the zone as a whole.
  if (error instanceof HawserError && error.code === 'HAWSER_DNS_ZONE')
    return new Problem(409, error.message);
  if (error instanceof HawserError && String(error.code).startsWith('HAWSER_DNS_'))
    return new Problem(422, error.message);
  return new Problem(500, 'Cannot answer because of a fault of the server');
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
