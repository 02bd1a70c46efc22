import { Socket } from 'node:net';
import type { Transport } from '../../src/contract/transport.ts';

/**
 * Counts how often a stream of this process writes to a TCP socket, by the ports of the socket, until it is disposed.
 */
export class SocketWrites implements Disposable {
  readonly #counts = new Map<string, number>();
  // oxlint-disable-next-line typescript/unbound-method -- they are applied to each socket below
  readonly #write = Socket.prototype._write;
  // oxlint-disable-next-line typescript/unbound-method
  readonly #writev = Socket.prototype._writev;

  constructor() {
    const count = (socket: Socket): void => {
      const key = `${socket.localPort}-${socket.remotePort}`;
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    };
    const write = this.#write;
    const writev = this.#writev;
    Socket.prototype._write = function (this: Socket, ...given) {
      count(this);
      write.apply(this, given);
    };
    Socket.prototype._writev = function (this: Socket, ...given) {
      count(this);
      writev?.apply(this, given);
    };
  }

  of({ local, peer }: Transport): () => number {
    const key = 'port' in local && 'port' in peer ? `${local.port}-${peer.port}` : '';
    const before = this.#counts.get(key) ?? 0;
    return () => (this.#counts.get(key) ?? 0) - before;
  }

  [Symbol.dispose](): void {
    Socket.prototype._write = this.#write;
    if (this.#writev) Socket.prototype._writev = this.#writev;
  }
}
