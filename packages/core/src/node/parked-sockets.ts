import type { Socket } from 'node:net';

/** Options for {@link ParkedSockets}. */
export interface ParkedSocketsOptions {
  /** How many may wait. */
  readonly limit: number;
  /** One of them closed while it waited. */
  readonly gone: () => void;
}

/**
 * Connections that were accepted while a port was paused. Node cannot stop accepting without giving the address up, so
 * they wait here as they would in the queue of the kernel: nothing is answered, and at most 64 KiB of each are read.
 */
export class ParkedSockets {
  readonly #options: ParkedSocketsOptions;
  readonly #waiting = new Map<Socket, () => void>();

  constructor(options: ParkedSocketsOptions) {
    this.#options = options;
  }

  /** False when too many wait. */
  add(socket: Socket): boolean {
    if (this.#waiting.size >= this.#options.limit) return false;
    const gone = (): void => {
      this.#waiting.delete(socket);
      this.#options.gone();
    };
    this.#waiting.set(socket, gone);
    socket.on('error', ignore);
    socket.once('close', gone);
    return true;
  }

  /** The one that has waited longest. */
  take(): Socket | undefined {
    for (const [socket, gone] of this.#waiting) {
      // What is closing tells of it by itself.
      if (socket.destroyed) continue;
      this.#waiting.delete(socket);
      socket.off('close', gone);
      socket.off('error', ignore);
      return socket;
    }
    return undefined;
  }
}

function ignore(): void {}
