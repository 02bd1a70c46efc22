import { toFactory } from '../connection/factory.ts';
import { stack } from '../connection/stack.ts';
import type { ClientEndpoint, ServerEndpoint } from '../contract/endpoint.ts';
import type { FactoryLike } from '../contract/factory.ts';
import type { Layer } from '../contract/layer.ts';
import type { Port } from '../contract/port.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { OperationOptions } from '../contract/tcp.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { withoutPasswords } from './bad-endpoint.ts';
import { connectOver } from './connect-over.ts';

/**
 * The same endpoint with layers on every connection, the first nearest the wire. It prints as the endpoint with the
 * labels of the layers, `tcp://:25 max(100) > idle(60000)`, which is for people: values cannot be parsed back.
 */
export function withLayers(endpoint: ServerEndpoint, ...layers: readonly Layer[]): ServerEndpoint;
export function withLayers(endpoint: ClientEndpoint, ...layers: readonly Layer[]): ClientEndpoint;
export function withLayers(
  endpoint: ServerEndpoint | ClientEndpoint,
  ...layers: readonly Layer[]
): ServerEndpoint | ClientEndpoint {
  return 'listen' in endpoint
    ? new LayeredServerEndpoint(endpoint, layers)
    : new LayeredClientEndpoint(endpoint, layers);
}

class LayeredServerEndpoint implements ServerEndpoint {
  readonly #inner: ServerEndpoint;
  readonly #layers: readonly Layer[];

  constructor(inner: ServerEndpoint, layers: readonly Layer[]) {
    this.#inner = inner;
    this.#layers = layers;
  }

  listen(reactor: Reactor, factory: FactoryLike, options?: OperationOptions): Deferred<Port> {
    return this.#inner.listen(reactor, stack(...this.#layers)(factory), options);
  }

  toString(): string {
    return label(this.#inner, this.#layers);
  }
}

class LayeredClientEndpoint implements ClientEndpoint {
  readonly #inner: ClientEndpoint;
  readonly #layers: readonly Layer[];

  constructor(inner: ClientEndpoint, layers: readonly Layer[]) {
    this.#inner = inner;
    this.#layers = layers;
  }

  connect<P extends Protocol>(
    reactor: Reactor,
    factory: FactoryLike<P>,
    options: OperationOptions = {},
  ): Deferred<P> {
    return connectOver({
      reactor,
      inner: this.#inner,
      factory: toFactory(factory),
      where: withoutPasswords(String(this)),
      code: 'HAWSER_CONNECT',
      signal: options.signal,
      between: (upper) => stack(...this.#layers)(upper),
    });
  }

  toString(): string {
    return label(this.#inner, this.#layers);
  }
}

function label(inner: ServerEndpoint | ClientEndpoint, layers: readonly Layer[]): string {
  return [inner, layers.map((each) => each.label).join(' > ')].filter(String).join(' ');
}
