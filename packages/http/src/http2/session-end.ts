import type { ServerHttp2Session } from 'node:http2';
import type { DelayedCall, Transport } from '@hawser/core';

/**
 * GOAWAY with the highest stream there can be: nothing is refused yet (RFC 9113 §6.8). Node's session refuses what comes
 * after a GOAWAY of its own, whatever that said, so this is ours; what it writes at a time are whole frames.
 */
const NOTICE: Buffer = Buffer.from('0000080700000000007fffffff00000000', 'hex');
/** How long a client may take to hear of the end of the connection before its newest requests are refused. */
const GOODBYE_MS = 1_000;

/**
 * How a session ends.
 *
 * ```text
 * open ──► leaving (GOAWAY; open streams go on) ──► over
 * ```
 */
export class SessionEnd {
  readonly #session: ServerHttp2Session;
  readonly #transport: Transport;
  #state: 'open' | 'leaving' | 'over' = 'open';
  #timer: DelayedCall | undefined;

  constructor(session: ServerHttp2Session, transport: Transport) {
    this.#session = session;
    this.#transport = transport;
  }

  /** It may take requests. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }
  get isOver(): boolean {
    return this.#state === 'over';
  }

  /** The process wants to stop: requests on their way to us are still answered. */
  announce(openStreams: () => number): void {
    if (this.#state !== 'open') return;
    this.#state = 'leaving';
    // Before its settings a server says nothing.
    if (this.#session.destroyed || this.#transport.bytesWritten === 0) {
      this.leave(openStreams());
      return;
    }
    this.#transport.write(Buffer.from(NOTICE));
    const leave = (): void => this.leave(openStreams());
    this.#timer = this.#transport.reactor.clock.callLater(GOODBYE_MS, leave);
    // The answer to it says that there are none any more.
    this.#session.ping(leave);
  }

  /** Takes no more requests, and ends after those that are open. */
  leave(openStreams: number): void {
    const session = this.#session;
    if (this.#state === 'over' || session.closed || session.destroyed) return;
    this.#state = 'leaving';
    this.#timer?.cancel();
    if (openStreams === 0) session.destroy();
    else session.close();
  }

  /** The library has said goodbye: as the client wants it to, after what is open, or by a mistake of the client. */
  goawaySent(): void {
    if (this.#state !== 'open') return;
    this.#state = 'leaving';
    // By a mistake it may leave it at saying so.
    const session = this.#session;
    if (!session.closed) this.#transport.reactor.clock.callSoon(() => session.destroy());
  }

  /** Nothing is open any more. */
  streamsClosed(): void {
    const session = this.#session;
    // Node leaves a session open in which a head was begun.
    if (!session.closed) return;
    this.#timer?.cancel();
    this.#timer = this.#transport.reactor.clock.callLater(GOODBYE_MS, () => session.destroy());
  }

  /** Ends it now, and tells the client why. */
  now(error: Error, code: number): void {
    if (this.#state === 'over') return;
    this.finished();
    // Which lets the transport close once it has sent that.
    this.#session.destroy(error, code);
  }

  /** There is nothing left to end. */
  finished(): void {
    this.#state = 'over';
    this.#timer?.cancel();
  }
}
