import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type Transport, toError } from '@hawser/core';

/** Of what node calls it. */
const REFUSALS: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
};

/** One connection on node's server: what node does only for those it accepted itself. */
export class NodeConnection {
  readonly #socket: Socket;
  readonly #transport: Transport;
  readonly #open = new Set<ServerResponse>();
  #state: 'open' | 'draining' | 'upgraded' = 'open';
  #deadline = 0;

  constructor(socket: Socket, transport: Transport) {
    this.#socket = socket;
    this.#transport = transport;
  }

  requestReceived(response: ServerResponse): void {
    this.#open.add(response);
    if (this.#state === 'draining') response.shouldKeepAlive = false;
    response.once('close', () => {
      this.#open.delete(response);
      if (this.#state === 'draining' && this.#open.size === 0) this.#close();
    });
  }

  /** The app threw: on node's server the process would end by it. */
  failed(thrown: unknown): void {
    this.#transport.reactor.reports.problem('http.mount', thrown);
    this.#transport.abort(toError(thrown));
  }

  /**
   * What came is no request, or is late. Node writes an answer and destroys the socket at once: only a socket of the
   * system has sent it by then.
   */
  refuse(error: NodeJS.ErrnoException): void {
    const begun = [...this.#open].some(({ headersSent }) => headersSent);
    if (begun || !this.#socket.writable) {
      this.#socket.destroy(error);
      return;
    }
    const status = REFUSALS[error.code ?? ''] ?? 400;
    const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`;
    this.#socket.end(head, () => this.#socket.destroy());
  }

  upgraded(): void {
    this.#state = 'upgraded';
  }

  drain(deadline: number): void {
    this.#deadline = deadline;
    if (this.#state === 'upgraded') {
      // Whoever has it hears of it in no other way.
      this.#transport.abort({ kind: 'shutdown' });
      return;
    }
    this.#state = 'draining';
    for (const response of this.#open) {
      if (!response.headersSent) response.shouldKeepAlive = false;
    }
    if (this.#open.size === 0) this.#close();
  }

  #close(): void {
    const left = this.#deadline - this.#transport.reactor.clock.now();
    // The socket was given away: it is the one that knows what is still to be written.
    if (this.#socket.writable) this.#socket.end(() => this.#closeTransport(left));
    else this.#closeTransport(left);
  }

  #closeTransport(left: number): void {
    this.#transport.close({ deadlineMs: Math.max(0, left) });
  }
}
