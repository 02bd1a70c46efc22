import { TimeoutError } from '@hawser/core';
import { HttpRequestError } from '../client/http-request-error.ts';
import { HttpResponse } from '../web/http-response.ts';

/** What a peer is told when no server answers. */
export function gatewayError(error: unknown): Response {
  const status = statusOf(error);
  const headers = status === 503 ? { 'retry-after': '1' } : undefined;
  return HttpResponse.text(`${TEXTS[status]}\n`, { status, headers });
}

const TEXTS = {
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
} as const;

function statusOf(error: unknown): keyof typeof TEXTS {
  if (!(error instanceof HttpRequestError)) return isLate(error) ? 504 : 502;
  const { code, phase } = error;
  if (code === 'HAWSER_HTTP_TIMEOUT') return phase === 'queue' ? 503 : 504;
  if (code === 'HAWSER_CONNECT_TIMEOUT') return 504;
  return code === 'HAWSER_HTTP_QUEUE_FULL' || code === 'HAWSER_HTTP_CLIENT_CLOSED' ? 503 : 502;
}

/** The request was given up as it took too long. */
function isLate(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof TimeoutError;
}
