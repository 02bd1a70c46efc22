import type { WebSocket } from 'ws';

/**
 * Answers pings, one at a time: while a pong waits to be taken by the connection, only the latest ping is remembered, as
 * RFC 6455 §5.5.3 allows. However many a peer sends, and even if it reads none of the answers, two are kept.
 */
export class Pongs {
  readonly #ws: WebSocket;
  #answering = false;
  #latest: Buffer | undefined;

  constructor(ws: WebSocket) {
    this.#ws = ws;
  }

  /** A ping came. `data` may be a view of all that was read with it. */
  pinged(data: Buffer): void {
    if (this.#answering) this.#latest = Buffer.from(data);
    else this.#answer(data);
  }

  #answer(data: Buffer): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    this.#answering = true;
    this.#ws.pong(data, false, this.#taken);
  }

  readonly #taken = (): void => {
    this.#answering = false;
    const latest = this.#latest;
    this.#latest = undefined;
    if (latest) this.#answer(latest);
  };
}
