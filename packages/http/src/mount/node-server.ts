import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Transport } from '@hawser/core';
import { hearUpgrades } from './hear-upgrades.ts';
import { NodeConnection } from './node-connection.ts';

const known = new WeakMap<Server, NodeServer>();

/** One server of node with its connections, which may come from several ports. */
export class NodeServer {
  readonly #server: Server;
  readonly #connections = new WeakMap<Duplex, NodeConnection>();
  #keepsTime = false;
  #ports = 0;

  private constructor(server: Server) {
    this.#server = server;
    // Before the listener of the app, which may answer at once.
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      this.connectionOf(request.socket)?.requestReceived(response);
    });
    hearUpgrades(server, ({ socket }) => this.connectionOf(socket)?.upgraded());
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
      // Who else listens answers.
      if (server.listenerCount('clientError') > 1) return;
      const connection = this.connectionOf(socket);
      if (connection) connection.refuse(error);
      else socket.destroy(error);
    });
  }

  /** That of a server, whose events are listened to once. */
  static of(server: Server): NodeServer {
    const made = known.get(server) ?? new NodeServer(server);
    known.set(server, made);
    return made;
  }

  connectionOf(socket: Duplex): NodeConnection | undefined {
    return this.#connections.get(socket);
  }

  accept(socket: Socket, transport: Transport): void {
    this.#keepTime();
    this.#connections.set(socket, new NodeConnection(socket, transport));
    this.#server.emit('connection', socket);
  }

  portOpened(): void {
    this.#ports += 1;
  }

  portClosed(): void {
    this.#ports -= 1;
    if (this.#ports === 0) this.#restTime();
  }

  /** Without this event, node's server looks neither for late heads nor for idle connections. */
  #keepTime(): void {
    if (this.#keepsTime) return;
    this.#keepsTime = true;
    if (!this.#server.listening) this.#server.emit('listening');
  }

  /** Ends the looking, which the event began. */
  #restTime(): void {
    if (!this.#keepsTime || this.#server.listening) return;
    this.#keepsTime = false;
    this.#server.closeAllConnections();
    // That it does not listen is what it says.
    this.#server.close(() => undefined);
  }
}
