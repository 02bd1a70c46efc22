import type { Protocol, Reactor, Transport } from '@hawser/core';
import {
  type ClientEndpoint,
  Deferred,
  type Factory,
  type FactoryLike,
  toFactory,
} from '@hawser/core';
import { connectPipe, type PipeOptions } from '@hawser/core/testing';

/** An endpoint whose connections lead to a factory in the same program, through a pipe. */
export class PipeEndpoint implements ClientEndpoint {
  readonly #server: Factory;
  readonly #options: PipeOptions;
  /** The server ends that are open. */
  readonly servers: Set<Transport> = new Set();

  constructor(server: FactoryLike, options: PipeOptions = {}) {
    this.#server = toFactory(server);
    this.#options = options;
  }

  connect<P extends Protocol>(reactor: Reactor, factory: FactoryLike<P>): Deferred<P> {
    let built: P | undefined;
    const client: Factory<P> = {
      name: 'client',
      buildProtocol(incoming) {
        built = toFactory(factory).buildProtocol(incoming);
        return built;
      },
    };
    const { server } = connectPipe(reactor, this.#server, client, this.#options);
    this.servers.add(server);
    server.onClose(() => void this.servers.delete(server));
    const made = new Deferred<P>({ where: 'pipe' });
    if (built) made.resolve(built);
    else made.reject(new TypeError('Cannot connect as the client refused the connection'));
    return made;
  }

  toString(): string {
    return `pipe:${this.#server.name}`;
  }
}
