import { HttpRequestError, type RequestPhase } from './http-request-error.ts';

const WHAT = {
  send: 'the server takes nothing of the request',
  head: 'the server does not answer',
  body: 'nothing of the response arrives',
} as const;

/** How long each part of an exchange may take, in milliseconds. */
interface Limits {
  readonly headMs: number;
  readonly bodyIdleMs: number;
}

/** A request of which nothing has come, or gone, for too long. */
export function responseTimeout(phase: RequestPhase, limits: Limits): HttpRequestError {
  const waited = phase === 'head' ? limits.headMs : limits.bodyIdleMs;
  const text = `Cannot get the response as ${WHAT[phase as keyof typeof WHAT]}: for ${waited} ms`;
  return new HttpRequestError('HAWSER_HTTP_TIMEOUT', text, { phase });
}
