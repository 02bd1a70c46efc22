import type { Socket } from 'node:net';

const EVENTS = ['close', 'error'] as const;

/** The listeners a socket had when it was given away, to put back after somebody removed them all. */
export class SocketListeners {
  readonly #socket: Socket;
  readonly #listeners: ReadonlyMap<string, readonly unknown[]>;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#listeners = new Map(EVENTS.map((event) => [event, socket.rawListeners(event)]));
  }

  restore(): void {
    for (const [event, listeners] of this.#listeners) {
      for (const listener of listeners) {
        if (this.#socket.rawListeners(event).includes(listener as () => void)) continue;
        this.#socket.on(event, listener as () => void);
      }
    }
  }
}
