import { ConnectionTracker } from '../connection/connection-tracker.ts';
import { currentContext, enter, type Guard } from '../connection/entry.ts';
import { formatAddress } from '../connection/format-address.ts';
import { WireTransport } from '../connection/wire-transport.ts';
import type { Address } from '../contract/address.ts';
import type { Context } from '../contract/context.ts';
import type { Factory } from '../contract/factory.ts';
import type { DrainReport, Port } from '../contract/port.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { StreamOptions, TcpListenOptions } from '../contract/tcp.ts';
import { Deferred } from '../deferred/deferred.ts';
import { succeed } from '../deferred/succeed.ts';
import { waitFor } from '../deferred/wait-for.ts';
import type { Listener } from './listener.ts';
import type { CallOwner } from './scheduled-call.ts';
import type { TcpEnd } from './tcp-end.ts';

/** What a {@link SimPort} is made of. */
export interface SimPortParts {
  readonly reactor: Reactor;
  readonly address: Address;
  readonly factory: Factory;
  readonly options: StreamOptions & Pick<TcpListenOptions, 'keepAliveMs'>;
  readonly nextId: () => number;
  readonly listener: Listener;
  /** The host, until it crashes. */
  readonly life: CallOwner;
  /** Frees the address. */
  readonly unbind: () => void;
}

/** A simulated listener as a {@link Port}. When its host has crashed nothing of it is left, and `stop` settles at once. */
export class SimPort implements Port, Guard {
  readonly context: Context | undefined = currentContext();
  readonly address: Address;
  readonly #parts: SimPortParts;
  readonly #tracker: ConnectionTracker;
  readonly #closed = new Deferred<void>();
  #quiesced = false;
  #stopped: Deferred<void> | undefined;

  constructor(parts: SimPortParts) {
    this.#parts = parts;
    this.address = parts.address;
    this.#tracker = new ConnectionTracker(parts.reactor);
    enter(this, 'started', (port) => parts.factory.started?.(port), undefined);
  }

  get protocol(): string {
    return this.#parts.factory.name.split(' > ').at(-1) ?? this.#parts.factory.name;
  }

  get connections(): number {
    return this.#parts.life.alive ? this.#tracker.size : 0;
  }

  quiesce(): Deferred<void> {
    if (!this.#parts.life.alive) return succeed();
    if (!this.#quiesced) {
      this.#quiesced = true;
      this.#parts.unbind();
      this.#parts.listener.close();
      this.#parts.reactor.clock.callSoon(() => this.#closed.resolve());
    }
    return waitFor(this.#closed);
  }

  drain(deadline: number): Deferred<DrainReport> {
    if (!this.#parts.life.alive) return succeed({ finished: 0, aborted: 0 });
    return this.#tracker.drain(deadline);
  }

  stop(): Deferred<void> {
    if (!this.#parts.life.alive) return succeed();
    const quiesced = this.quiesce();
    this.#tracker.abortAll({ kind: 'shutdown' });
    this.#stopped ??= quiesced
      .addCallback(() => this.#tracker.empty())
      .addCallback(() =>
        enter(this, 'stopped', (port) => this.#parts.factory.stopped?.(port), undefined),
      );
    return waitFor(this.#stopped);
  }

  pauseAccepting(): Disposable {
    return this.#parts.listener.pause();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  toString(): string {
    return `${formatAddress(this.address)} ${this.#parts.factory.name}`;
  }

  /** Gives a new connection to the factory. */
  accept(end: TcpEnd): void {
    const { reactor, factory, options, nextId } = this.#parts;
    const { maxPendingBytes, autoCork, keepAliveMs = 0 } = options;
    const transport = new WireTransport(reactor, end, {
      id: nextId(),
      side: 'server',
      maxPendingBytes,
      autoCork,
    });
    end.label = this.protocol;
    end.keepAlive(keepAliveMs);
    this.#tracker.add(transport);
    transport.adopt(factory);
  }

  failed(callback: string, thrown: unknown): void {
    const { reactor, factory } = this.#parts;
    reactor.reports.problem(`${factory.name}.${callback}`, thrown);
  }
}
