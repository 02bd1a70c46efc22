import { HttpRequestError, type RequestFailure } from './http-request-error.ts';

/** A response whose rest will not come. */
export function cutOff(failure: RequestFailure, why: string): HttpRequestError {
  const text = `Cannot get the whole response as the connection is gone: ${why}`;
  return new HttpRequestError('HAWSER_HTTP_INCOMPLETE', text, failure);
}
