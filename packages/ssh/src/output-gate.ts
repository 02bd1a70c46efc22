import type { Duplex } from 'node:stream';
import type { Ssh2Protocol } from './ssh2-internals.ts';

/**
 * Whether more may be written to a connection. ssh2 itself ignores a full socket and queues without a limit while keys
 * are exchanged; with a peer that opens a large window and does not read, that is all memory.
 */
export class OutputGate {
  readonly #socket: Duplex;
  readonly #protocol: Ssh2Protocol;
  #waiting: (() => void)[] = [];

  constructor(socket: Duplex, protocol: Ssh2Protocol) {
    this.#socket = socket;
    this.#protocol = protocol;
    socket.on('drain', () => this.wake());
  }

  get open(): boolean {
    return !this.#socket.writableNeedDrain && this.#protocol._kexinit === undefined;
  }

  /** Settles when something changed: look again. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
