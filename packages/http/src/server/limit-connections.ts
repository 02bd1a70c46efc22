import { type Factory, maxConnections } from '@hawser/core';

/**
 * `factory` with at most `limit` connections that are open at a time, those that speak another protocol by now included;
 * more are refused. It is called what it was, and is no layer: where it stands is nobody's to choose.
 *
 * @throws RangeError when `limit` is neither a whole number above 0 nor infinity
 */
export function limitConnections(factory: Factory, limit = 10_000): Factory {
  if (limit === Number.POSITIVE_INFINITY) return factory;
  const limited = maxConnections(limit)(factory);
  return { ...factory, buildProtocol: (incoming) => limited.buildProtocol(incoming) };
}
