import type { Factory, FactoryLike, Incoming, Matcher } from '../contract/factory.ts';
import type { Layer, LayerKind } from '../contract/layer.ts';
import type { Port } from '../contract/port.ts';
import type { Protocol } from '../contract/protocol.ts';
import { toFactory } from './factory.ts';

/** What a layer is made of. */
export interface LayerParts {
  readonly kind: LayerKind;
  readonly label: string;
  /** Builds what stands in front of the protocol, or just the inner protocol, or `undefined` to refuse. */
  build(inner: Factory, incoming: Incoming): Protocol | undefined;
  /** How `sniff` knows the connection, if the layer changes its first bytes. */
  readonly match?: Matcher | undefined;
}

/** Makes a layer. */
export function layer(parts: LayerParts): Layer {
  const { kind, label } = parts;
  return Object.assign((inner: Factory): Factory => new LayeredFactory(inner, parts), {
    kind,
    label,
  });
}

/**
 * Puts layers in front of a factory. Reading order is wire order: the first layer is nearest the wire.
 *
 * @example stack(maxConnections(10_000), tls({ cert, key }), idleTimeout(60_000))(http(app))
 */
export function stack(...layers: readonly Layer[]): (app: FactoryLike) => Factory {
  return (app) => layers.reduceRight<Factory>((inner, each) => each(inner), toFactory(app));
}

/** Delegates: a factory may be a class instance with private state, so it cannot be copied. */
class LayeredFactory implements Factory {
  readonly name: string;
  readonly match: Matcher | undefined;
  readonly acceptableProtocols: readonly string[] | undefined;
  readonly #inner: Factory;
  readonly #parts: LayerParts;

  constructor(inner: Factory, parts: LayerParts) {
    this.name = `${parts.label} > ${inner.name}`;
    this.match = parts.match ?? inner.match;
    this.acceptableProtocols = inner.acceptableProtocols;
    this.#inner = inner;
    this.#parts = parts;
  }

  buildProtocol(incoming: Incoming): Protocol | undefined {
    return this.#parts.build(this.#inner, incoming);
  }

  started(port: Port): void {
    this.#inner.started?.(port);
  }

  stopped(port: Port): void {
    this.#inner.stopped?.(port);
  }
}
