import { HttpRequestError } from './http-request-error.ts';

/** What is told to whoever still reads a body that was given up. */
export function discardedError(): HttpRequestError {
  const text = 'Cannot read the rest of the body as it was discarded';
  return new HttpRequestError('HAWSER_HTTP_INCOMPLETE', text, { phase: 'body' });
}
