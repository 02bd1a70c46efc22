import { toFactory } from '../connection/factory.ts';
import type { Factory, FactoryLike } from '../contract/factory.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Deferred } from '../deferred/deferred.ts';

/** A factory for one connection that lets the caller have the protocol it built. */
export function capture<P extends Protocol>(
  inner: Factory<P>,
): { readonly factory: Factory<P>; built(): boolean; protocol(): P } {
  let built: P | undefined;
  return {
    factory: {
      name: inner.name,
      match: inner.match,
      acceptableProtocols: inner.acceptableProtocols,
      buildProtocol(incoming) {
        built = inner.buildProtocol(incoming);
        return built;
      },
    },
    built: () => built !== undefined,
    protocol() {
      if (!built) throw new TypeError(`Cannot find the protocol that "${inner.name}" built`);
      return built;
    },
  };
}

/** Connects, and gives the protocol that the factory built instead of its transport. */
export function connectProtocol<P extends Protocol>(
  factory: FactoryLike<P>,
  connect: (factory: Factory<P>) => Deferred<unknown>,
): Deferred<P> {
  const captured = capture(toFactory(factory));
  return connect(captured.factory).addCallback(() => captured.protocol());
}
