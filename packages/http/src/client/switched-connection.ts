import { type Protocol, type Transport, UsageError } from '@hawser/core';
import type { ResponseHeadRead } from '../contract/message-head.ts';
import { HttpHeaders } from '../web/http-headers.ts';
import type { SwitchedConnection } from './client-session.ts';
import { HttpRequestError } from './http-request-error.ts';

/** A connection that nobody takes for so long is ended. */
const MAX_UNTAKEN_MS = 30_000;

/**
 * A connection whose server has agreed to speak something else, or a tunnel through a proxy. Nothing is read from it
 * before {@link UpgradedConnection.handTo}; after half a minute without that it is aborted.
 */
export class UpgradedConnection {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly #connection: SwitchedConnection;
  readonly #watch: { cancel(): void };
  #taken = false;

  constructor(head: ResponseHeadRead, connection: SwitchedConnection) {
    this.status = head.status;
    this.headers = HttpHeaders.over(head.fields);
    this.#connection = connection;
    const { clock } = connection.transport.reactor;
    this.#watch = clock.callLater(MAX_UNTAKEN_MS, () => this.abort());
    connection.transport.onClose(() => this.#watch.cancel());
  }

  /**
   * Gives the connection, and what the server has sent of it already, to `protocol`.
   * @throws UsageError `HAWSER_BUSY` the second time; HttpRequestError `HAWSER_CLOSED` when the connection is gone
   */
  handTo(protocol: Protocol): Transport {
    if (this.#taken) {
      throw new UsageError('HAWSER_BUSY', 'Cannot take a connection that somebody has taken');
    }
    const { transport, leftover } = this.#connection;
    if (transport.ending) {
      const text = 'Cannot take a connection that is gone';
      throw new HttpRequestError('HAWSER_CLOSED', text, { phase: 'head' });
    }
    this.#taken = true;
    this.#watch.cancel();
    transport.handTo(protocol, leftover);
    return transport;
  }

  /** Nobody wants it. */
  abort(error?: Error): void {
    this.#watch.cancel();
    if (!this.#taken) this.#connection.transport.abort(error);
  }
}
