import type { CloseReason } from './close-reason.ts';
import type { Transport } from './transport.ts';

/**
 * What the bytes of one connection mean. One object a connection; every callback is optional but `dataReceived`.
 *
 * The order of calls, kept by every transport:
 *
 * ```text
 * made ( data | drained | drain )* [ ended ( drained | drain )* ] lost
 * ```
 *
 * A throw in any callback is reported and aborts this connection alone, with `{ kind: 'protocol', error }`; throw a
 * `ProtocolError` for what the peer did wrong, which is not reported.
 * Writes made inside one callback leave together when it returns.
 */
export interface Protocol {
  /** The connection is ready. Always the first call. */
  connectionMade?(transport: Transport): void;
  /** Bytes arrived, cut anywhere. The protocol owns `data` and may keep it. */
  dataReceived(data: Buffer): void;
  /** The peer ended its side; writing is still possible. Without this callback the transport answers with `end()`. */
  readEnded?(): void;
  /** After `write` returned false: the queue is empty again. */
  writeDrained?(): void;
  /**
   * The process wants to stop. Say goodbye in the protocol's own language and close before `deadline` (milliseconds on
   * the reactor's clock); what is open then is aborted. A goodbye after the own end is dropped without a report. Without
   * this callback the connection is closed by {@link Transport.close}.
   */
  drainRequested?(deadline: number): void;
  /** The connection is gone. Exactly once, always last. */
  connectionLost?(reason: CloseReason): void;
}
