import type { Deferred } from '../deferred/deferred.ts';
import type { FactoryLike } from './factory.ts';
import type { Port } from './port.ts';
import type { Protocol } from './protocol.ts';
import type { Reactor } from './reactor.ts';
import type { OperationOptions } from './tcp.ts';

/** Where to listen. A value; `String(endpoint)` gives the text it can be parsed from. */
export interface ServerEndpoint {
  listen(reactor: Reactor, factory: FactoryLike, options?: OperationOptions): Deferred<Port>;
  toString(): string;
}

/** Where to connect. A value; `String(endpoint)` gives the text it can be parsed from. */
export interface ClientEndpoint {
  /** Connects and gives the protocol that `factory` built, after its `connectionMade`. */
  connect<P extends Protocol>(
    reactor: Reactor,
    factory: FactoryLike<P>,
    options?: OperationOptions,
  ): Deferred<P>;
  toString(): string;
}
