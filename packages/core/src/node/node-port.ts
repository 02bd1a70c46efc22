import type { Server, Socket } from 'node:net';
import { ConnectionTracker } from '../connection/connection-tracker.ts';
import { currentContext, enter, type Guard } from '../connection/entry.ts';
import { formatAddress } from '../connection/format-address.ts';
import { WireTransport } from '../connection/wire-transport.ts';
import type { Address } from '../contract/address.ts';
import type { Context } from '../contract/context.ts';
import type { Factory } from '../contract/factory.ts';
import type { DrainReport, Port } from '../contract/port.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { StreamOptions } from '../contract/tcp.ts';
import { Deferred } from '../deferred/deferred.ts';
import { waitFor } from '../deferred/wait-for.ts';
import { disposeOnce } from '../dispose-once.ts';
import { UsageError } from '../errors.ts';
import type { ConnectionBudget } from './connection-budget.ts';
import { holdDescriptor, releaseDescriptor } from './descriptor-claims.ts';
import { destroyQuietly } from './open-socket.ts';
import { ParkedSockets } from './parked-sockets.ts';
import { serverDescriptor } from './private-handle.ts';
import { type Ends, onlyEnd } from './socket-address.ts';
import { SocketWire } from './socket-wire.ts';

/** What a {@link NodePort} is made of. */
export interface NodePortParts {
  readonly reactor: Reactor;
  readonly server: Server;
  readonly address: Address;
  readonly factory: Factory;
  readonly options: StreamOptions;
  readonly nextId: () => number;
  readonly budget: ConnectionBudget;
  /** Connections that may wait while accepting is paused. */
  readonly backlog: number;
  /** The descriptor, if it was bound by somebody else. */
  readonly adopted: number | undefined;
  /** The two ends of an accepted socket, or `undefined` if the peer has gone already. `local` if that is known. */
  readonly ends: (socket: Socket, local: Address | undefined) => Ends | undefined;
  /** The server listens no more. `exported`: somebody else may, on the same socket. */
  readonly closed?: ((exported: boolean) => PromiseLike<void>) | undefined;
}

/** A `net.Server` that listens already, as a {@link Port}. */
export class NodePort implements Port, Guard {
  readonly context: Context | undefined = currentContext();
  readonly address: Address;
  readonly #parts: NodePortParts;
  readonly #tracker: ConnectionTracker;
  readonly #parked: ParkedSockets;
  readonly #closed = new Deferred<void>();
  readonly #local: Address | undefined;
  #descriptor: number | undefined;
  #exported = false;
  #pauses = 0;
  #quiesced = false;
  #stopped: Deferred<void> | undefined;

  constructor(parts: NodePortParts) {
    const { reactor, server, factory, address, budget, backlog, adopted } = parts;
    const release = (): void => budget.release();
    this.#parts = parts;
    this.address = address;
    this.#descriptor = adopted;
    // A socket that somebody else has bound may be one for connections to any address (IP_TRANSPARENT, ip(7)).
    this.#local = adopted === undefined ? onlyEnd(address) : undefined;
    this.#tracker = new ConnectionTracker(reactor, release);
    this.#parked = new ParkedSockets({ limit: backlog, gone: release });
    budget.watch.begin();
    server.on('connection', (socket: Socket) => this.accept(socket));
    // A listening server reports failed accepts here; none of them ends it.
    server.on('error', (error) => reactor.reports.problem(`${this.toString()} accept`, error));
    enter(this, 'started', (port) => factory.started?.(port), undefined);
  }

  get protocol(): string {
    return this.#parts.factory.name.split(' > ').at(-1) ?? this.#parts.factory.name;
  }

  get connections(): number {
    return this.#tracker.size;
  }

  exportFd(): number {
    if (this.#quiesced) {
      throw new UsageError('HAWSER_NOT_AVAILABLE', `Cannot export ${this} as it is closed`);
    }
    this.#descriptor = serverDescriptor(this.#parts.server);
    this.#exported = true;
    holdDescriptor(this.#descriptor);
    return this.#descriptor;
  }

  pauseAccepting(): Disposable {
    this.#pauses += 1;
    return disposeOnce(() => {
      this.#pauses -= 1;
      this.#letIn();
    });
  }

  quiesce(): Deferred<void> {
    if (!this.#quiesced) {
      const { server, reactor, budget, closed } = this.#parts;
      this.#quiesced = true;
      // The handle is closed at once; the callback waits for connections, which is not what we mean by quiesced.
      server.close();
      budget.watch.end();
      if (this.#descriptor !== undefined) releaseDescriptor(this.#descriptor);
      // Who has been accepted is served.
      this.#letIn();
      reactor.clock.callSoon(() => {
        if (closed) this.#closed.resolve(closed(this.#exported));
        else this.#closed.resolve();
      });
    }
    return waitFor(this.#closed);
  }

  drain(deadline: number): Deferred<DrainReport> {
    return this.#tracker.drain(deadline);
  }

  stop(): Deferred<void> {
    const quiesced = this.quiesce();
    this.#tracker.abortAll({ kind: 'shutdown' });
    this.#stopped ??= quiesced
      .addCallback(() => this.#tracker.empty())
      .addCallback(() =>
        enter(this, 'stopped', (port) => this.#parts.factory.stopped?.(port), undefined),
      );
    return waitFor(this.#stopped);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  toString(): string {
    return `${formatAddress(this.address)} ${this.#parts.factory.name}`;
  }

  /** Serves a connection, or lets it wait, or turns it away. */
  accept(socket: Socket): void {
    const { budget } = this.#parts;
    if (!budget.take()) {
      refuse(socket);
    } else if (this.#pauses === 0 || this.#quiesced) {
      this.#serve(socket);
    } else if (!this.#parked.add(socket)) {
      budget.release();
      refuse(socket);
    }
  }

  /** Serves who waits, until a pause. */
  #letIn(): void {
    while (this.#pauses === 0 || this.#quiesced) {
      const socket = this.#parked.take();
      if (!socket) return;
      this.#serve(socket);
    }
  }

  #serve(socket: Socket): void {
    const { reactor, factory, options, ends, nextId, budget } = this.#parts;
    const both = ends(socket, this.#local);
    if (!both) {
      budget.release();
      destroyQuietly(socket);
      return;
    }
    const { maxPendingBytes, autoCork } = options;
    const transport = new WireTransport(reactor, new SocketWire(socket, both), {
      id: nextId(),
      side: 'server',
      maxPendingBytes,
      autoCork,
    });
    this.#tracker.add(transport);
    transport.adopt(factory);
  }

  failed(callback: string, thrown: unknown): void {
    const { reactor, factory } = this.#parts;
    reactor.reports.problem(`${factory.name}.${callback}`, thrown);
  }
}

/** With a reset, so that the peer does not take it for an answer. */
function refuse(socket: Socket): void {
  socket.on('error', ignore);
  if (socket.remoteAddress === undefined) socket.destroy();
  else socket.resetAndDestroy();
}

function ignore(): void {}
