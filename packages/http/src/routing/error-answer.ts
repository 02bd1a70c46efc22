import { STATUS_CODES } from 'node:http';
import type { HttpError } from '../http-error.ts';
import { HttpResponse } from '../web/http-response.ts';

/** The answer to a request that failed with `error`: its status, its fields and what the peer may know. */
export function errorAnswer(error: HttpError): Response {
  const body = error.body ?? STATUS_CODES[error.status] ?? '';
  return plainAnswer(error.status, body, error.headers);
}

/** A short answer in plain text. */
export function plainAnswer(
  status: number,
  text: string,
  headers?: Readonly<Record<string, string>>,
): Response {
  return new HttpResponse(text, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
  });
}
