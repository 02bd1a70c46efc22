import { type Clock, Deferred } from '@hawser/core';
import type { IncomingBody } from '../contract/body.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import type { ResponseHeadRead } from '../contract/message-head.ts';
import { HttpHeaders, toFieldLines } from '../web/http-headers.ts';
import type { CallerEars } from './caller-ears.ts';
import type { ClientSession, SessionExchange, SessionRequest } from './client-session.ts';
import type { PreparedRequest } from './prepared-request.ts';
import type { RunOptions } from './run-options.ts';
import { UpgradedConnection } from './switched-connection.ts';
import { upload } from './upload.ts';

/** What one attempt gets. */
export type Reply =
  | {
      readonly kind: 'response';
      readonly head: ResponseHeadRead;
      readonly body: IncomingBody;
      readonly exchange: SessionExchange;
      /** Settles when the connection has no more to do with it. */
      readonly closed: Deferred<void>;
    }
  | { readonly kind: 'switched'; readonly connection: UpgradedConnection };

/** When what happened, as it is noted. */
export interface Timings {
  startedAt: number;
  connectedAt: number;
  headAt: number;
  endedAt: number | undefined;
  attempts: number;
  reused: boolean;
}

/** What an attempt is made of. */
export interface AttemptParts {
  readonly clock: Clock;
  readonly request: PreparedRequest;
  /** Those of the request, and cookies. */
  readonly fields: FieldLines;
  readonly options: Pick<
    RunOptions,
    'timeouts' | 'continueTimeoutMs' | 'upgrade' | 'tunnel' | 'trailers'
  >;
  readonly ears: CallerEars;
  readonly timings: Timings;
}

/** Bodies up to this size leave in one write with their head. */
const JOINED_BYTES = 65_536;
const NO_BODY = new Uint8Array(0);

/**
 * Sends a request on a session, once. Cancelling the reply gives the session up.
 * @throws UsageError `HAWSER_HTTP_BAD_FIELD` when it cannot be written; the session is idle then
 */
export function attempt(session: ClientSession, parts: AttemptParts): Deferred<Reply> {
  const { clock, request, ears, timings } = parts;
  let exchange: SessionExchange | undefined;
  let stopUpload: (() => void) | undefined;
  const closed = new Deferred<void>({
    canceller: (reason) => {
      // First, as it is not over by being ended: nothing may follow it.
      closed.reject(reason);
      exchange?.abort(reason);
    },
  });
  const reply = new Deferred<Reply>({
    canceller: (reason) => exchange?.abort(reason),
    where: 'http.request',
  });
  timings.attempts += 1;
  timings.connectedAt = clock.now();
  timings.endedAt = undefined;
  timings.reused = session.reused;
  const { body } = request;
  const { trailers } = parts.options;
  const joined = isJoined(parts);
  const meter = body ? ears.meter('up', body.length) : undefined;
  exchange = session.start(sessionRequest(parts), {
    interim: (head) => ears.interim(head),
    upload: (out) => {
      if (!body) return;
      stopUpload = upload(body, out, {
        progress: (bytes) => meter?.add(bytes),
        trailers: trailers && (() => toFieldLines(new HttpHeaders(trailers()))),
        done: () => meter?.done(),
        failed: (error) => {
          if (exchange) exchange.abort(error);
          else out.abort(error);
        },
      });
    },
    uploadStopped: () => stopUpload?.(),
    head: (head, incoming) => {
      timings.headAt = clock.now();
      const started = exchange as SessionExchange;
      reply.resolve({ kind: 'response', head, body: incoming, exchange: started, closed });
    },
    switched: (head, connection) => {
      reply.resolve({ kind: 'switched', connection: new UpgradedConnection(head, connection) });
    },
    failed: (error) => reply.reject(error),
    closed: () => {
      timings.endedAt = clock.now();
      closed.resolve();
    },
  });
  if (joined) {
    meter?.add(body?.length ?? 0);
    meter?.done();
  }
  return reply;
}

function sessionRequest(parts: AttemptParts): SessionRequest {
  const { method, url, authority, body } = parts.request;
  const { timeouts, continueTimeoutMs, upgrade, tunnel, trailers } = parts.options;
  const asksForBody = method === 'POST' || method === 'PUT' || method === 'PATCH';
  return {
    method,
    upgrade,
    timeouts,
    scheme: url.protocol === 'https:' ? 'https' : 'http',
    authority: tunnel ?? authority ?? url.host,
    target: tunnel ?? `${url.pathname}${url.search}`,
    fields: parts.fields,
    body: isJoined(parts) ? body?.bytes : (body ?? (asksForBody ? NO_BODY : undefined)),
    hasTrailers: body !== undefined && trailers !== undefined,
    continueTimeoutMs: body ? continueTimeoutMs : undefined,
  };
}

/** Whether the body leaves with the head. */
function isJoined({ request, options }: AttemptParts): boolean {
  const bytes = request.body?.bytes;
  const { continueTimeoutMs, trailers } = options;
  if (bytes === undefined || continueTimeoutMs !== undefined || trailers) return false;
  return bytes.length <= JOINED_BYTES;
}
