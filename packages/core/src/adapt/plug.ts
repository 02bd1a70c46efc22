import type { Socket } from 'node:net';
import type { Factory, Matcher } from '../contract/factory.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Transport } from '../contract/transport.ts';
import { toSocket } from './to-socket.ts';

/** How a borrowed library takes connections. */
export interface PlugOptions {
  /** Gives the socket to the library. A throw aborts the connection. */
  accept(socket: Socket, transport: Transport): void;
  /** Says goodbye on one connection. Without it the connection is closed. */
  drain?(socket: Socket, deadline: number, transport: Transport): void;
  readonly match?: Matcher | undefined;
  /** Clients wait for the library to speak first: {@link Factory.speaksFirst}. */
  readonly speaksFirst?: boolean | undefined;
  /** What the library speaks, by its ALPN names: {@link Factory.acceptableProtocols}. */
  readonly acceptableProtocols?: readonly string[] | undefined;
}

/**
 * A factory that gives each connection to a borrowed library, as a socket. Counting, closing and draining stay with
 * the port.
 */
export function plug(name: string, options: PlugOptions): Factory {
  const { match, speaksFirst, acceptableProtocols } = options;
  const buildProtocol = (): Protocol => new PlugProtocol(options);
  return { name, match, speaksFirst, acceptableProtocols, buildProtocol };
}

class PlugProtocol implements Protocol {
  readonly #options: PlugOptions;
  #connection: { readonly socket: Socket; readonly transport: Transport } | undefined;

  constructor(options: PlugOptions) {
    this.#options = options;
  }

  connectionMade(transport: Transport): void {
    const socket = toSocket(transport, (deadline) => this.drainRequested(deadline));
    this.#connection = { socket, transport };
    this.#options.accept(socket, transport);
  }

  // The socket has the bytes.
  dataReceived(): void {}

  drainRequested(deadline: number): void {
    if (!this.#connection) return;
    const { socket, transport } = this.#connection;
    if (this.#options.drain) {
      this.#options.drain(socket, deadline, transport);
    } else {
      transport.close({ deadlineMs: Math.max(0, deadline - transport.reactor.clock.now()) });
    }
  }
}
