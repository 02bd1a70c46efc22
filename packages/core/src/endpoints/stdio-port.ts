import { ConnectionTracker } from '../connection/connection-tracker.ts';
import { currentContext, enter, type Guard } from '../connection/entry.ts';
import { WireTransport } from '../connection/wire-transport.ts';
import type { MemoryAddress } from '../contract/address.ts';
import type { Context } from '../contract/context.ts';
import type { Factory } from '../contract/factory.ts';
import type { DrainReport, Port } from '../contract/port.ts';
import type { Has } from '../contract/reactor.ts';
import type { Transport } from '../contract/transport.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { succeed } from '../deferred/succeed.ts';
import { waitFor } from '../deferred/wait-for.ts';

/** A port that has its one connection from the start and never gets another. */
export class StdioPort implements Port, Guard {
  readonly context: Context | undefined = currentContext();
  readonly address: MemoryAddress = { kind: 'memory', name: 'stdio' };
  readonly #reactor: Has<'clock' | 'reports'>;
  readonly #factory: Factory;
  readonly #tracker: ConnectionTracker;
  #stopped: Deferred<void> | undefined;

  constructor(reactor: Has<'clock' | 'reports'>, factory: Factory) {
    this.#reactor = reactor;
    this.#factory = factory;
    this.#tracker = new ConnectionTracker(reactor);
    enter(this, 'started', (port) => factory.started?.(port), undefined);
  }

  /** Counts the connection in. */
  add(transport: Transport): void {
    if (transport instanceof WireTransport) this.#tracker.add(transport);
  }

  get protocol(): string {
    return this.#factory.name.split(' > ').at(-1) ?? this.#factory.name;
  }

  get connections(): number {
    return this.#tracker.size;
  }

  quiesce(): Deferred<void> {
    return succeed();
  }

  drain(deadline: number): Deferred<DrainReport> {
    return this.#tracker.drain(deadline);
  }

  stop(): Deferred<void> {
    this.#tracker.abortAll({ kind: 'shutdown' });
    this.#stopped ??= this.#tracker
      .empty()
      .addCallback(() =>
        enter(this, 'stopped', (port) => this.#factory.stopped?.(port), undefined),
      );
    return waitFor(this.#stopped);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  toString(): string {
    return `stdio: ${this.#factory.name}`;
  }

  failed(callback: string, thrown: unknown): void {
    this.#reactor.reports.problem(`${this.#factory.name}.${callback}`, thrown);
  }
}
