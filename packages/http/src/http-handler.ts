import type { Transport } from '@hawser/core';

/**
 * Answers one request. A throw or a rejection is reported and answered with a plain 500. Requests of one connection
 * come one at a time, in order.
 */
export type HttpHandler = (request: Request, context: HttpContext) => Response | Promise<Response>;

/** What a handler knows beside the request. */
export interface HttpContext extends Pick<Transport, 'id' | 'reactor' | 'local' | 'peer' | 'info'> {
  /** Whether the connection is encrypted. */
  readonly secure: boolean;
  /** Aborted when the peer leaves before it has the whole answer, and when it ends its side. As `request.signal`. */
  readonly signal: AbortSignal;
}
