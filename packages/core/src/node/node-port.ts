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
import { SocketWire } from './socket-wire.ts';

/** What a {@link NodePort} is made of. */
export interface NodePortParts {
  readonly reactor: Reactor;
  readonly server: Server;
  readonly address: Address;
  readonly factory: Factory;
  readonly options: StreamOptions;
  readonly nextId: () => number;
  /** The two ends of an accepted socket, or `undefined` if the peer has gone already. */
  readonly ends: (socket: Socket) => { local: Address; peer: Address } | undefined;
}

/** A `net.Server` that listens already, as a {@link Port}. */
export class NodePort implements Port, Guard {
  readonly context: Context | undefined = currentContext();
  readonly address: Address;
  readonly #parts: NodePortParts;
  readonly #tracker: ConnectionTracker;
  readonly #closed = new Deferred<void>();
  #quiesced = false;
  #stopped: Deferred<void> | undefined;

  constructor(parts: NodePortParts) {
    const { reactor, server, factory, address } = parts;
    this.#parts = parts;
    this.address = address;
    this.#tracker = new ConnectionTracker(reactor);
    server.on('connection', (socket: Socket) => this.#accept(socket));
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

  quiesce(): Deferred<void> {
    if (!this.#quiesced) {
      this.#quiesced = true;
      // The handle is closed at once; the callback waits for connections, which is not what we mean by quiesced.
      this.#parts.server.close();
      this.#parts.reactor.clock.callSoon(() => this.#closed.resolve());
    }
    return this.#closed.addCallback(() => undefined);
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
    return this.#stopped.addCallback(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  toString(): string {
    return `${formatAddress(this.address)} ${this.#parts.factory.name}`;
  }

  #accept(socket: Socket): void {
    const { reactor, factory, options, ends, nextId } = this.#parts;
    const both = ends(socket);
    if (!both) {
      socket.on('error', () => undefined);
      socket.destroy();
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
