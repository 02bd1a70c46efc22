import type { Transport } from '@hawser/core';
import type { HttpExchange } from '../contract/exchange.ts';
import type { Http2Limits } from './http2-limits.ts';

/** The connection that the streams of HTTP/2 belong to, as they see it. */
export interface StreamHost {
  readonly transport: Transport;
  readonly limits: Http2Limits;
  readonly secure: boolean;
  /** Whether the connection is told to finish. */
  readonly draining: boolean;
  /** Whether streams close by themselves, and not with all of the session. */
  readonly sessionLives: boolean;
  /** Calls what belongs to the connection; hears what it throws. */
  guarded(run: () => void): void;
  problem(thrown: unknown): void;
  /** Makes sure of a look at every stream at `at`. */
  arm(at: number): void;
  /** Whether the end of the stream has come from the peer. Asked once. */
  takeEnded(stream: number): boolean;
  /** Octets of its answer that have left on the stream since this was asked for the first time. */
  sentOn(stream: number): number;
  /** Octets of all answers that have left. */
  readonly sentByAll: number;
  /** Nothing can be sent, on whatever stream, before the peer takes something. */
  readonly isHeldUp: boolean;
  /** This side resets a stream before its answer is complete. */
  givesUp(): void;
  /** The stream is closed: nothing more will happen there. */
  streamClosed(exchange: HttpExchange, stream: number): void;
}
