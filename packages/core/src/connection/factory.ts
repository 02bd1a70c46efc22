import type { Factory, FactoryLike } from '../contract/factory.ts';
import type { Protocol } from '../contract/protocol.ts';

/** `like` as a factory: a function becomes one under its own name. */
export function toFactory<P extends Protocol>(like: FactoryLike<P>): Factory<P> {
  if (typeof like !== 'function') return like;
  return { name: like.name || 'protocol', buildProtocol: like };
}
