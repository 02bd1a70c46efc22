import { HttpError } from '../http-error.ts';
import { HttpRequest } from './http-request.ts';
import { bodyFailure } from './turn.ts';

/** The status that answers what was thrown for a request: its own, or 400, 408 or 413 if the body could not be had, or 500. */
export function errorStatus(request: Request, thrown: unknown): number {
  if (thrown instanceof HttpError) return thrown.status;
  const failure = request instanceof HttpRequest ? bodyFailure({ request }, thrown) : undefined;
  if (failure === undefined) return 500;
  if (failure instanceof HttpError) return failure.status;
  switch ((failure as { code?: unknown }).code) {
    case 'HAWSER_HTTP_BODY_TOO_LARGE':
      return 413;
    case 'HAWSER_HTTP_REQUEST_TIMEOUT':
    case 'HAWSER_TIMEOUT':
      return 408;
    default:
      return 400;
  }
}
