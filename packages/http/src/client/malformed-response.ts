import { HttpResponseError, type RequestPhase } from './http-request-error.ts';

/** A response that is not HTTP. `reason` is stable, such as `duplicate-content-length`. */
export function malformedResponse(reason: string, phase: RequestPhase): HttpResponseError {
  const text = `Cannot read the response as it is not HTTP: ${reason}`;
  return new HttpResponseError('HAWSER_HTTP_MALFORMED', text, { phase, reason });
}
