import type { Factory, FactoryLike, Incoming, Matcher } from '../contract/factory.ts';
import type { Layer, LayerKind } from '../contract/layer.ts';
import type { Port } from '../contract/port.ts';
import type { Protocol } from '../contract/protocol.ts';
import { UsageError } from '../errors.ts';
import { toFactory } from './factory.ts';
import { type LayerTrait, orderWarnings, type PlacedLayer } from './layer-order.ts';

/** What a layer is made of. */
export interface LayerParts {
  readonly kind: LayerKind;
  readonly label: string;
  /** Builds what stands in front of the protocol, or just the inner protocol, or `undefined` to refuse. */
  build(inner: Factory, incoming: Incoming): Protocol | undefined;
  /** A port listens with this layer now, or does no longer. The factory behind it is told in any case. */
  started?(port: Port): void;
  stopped?(port: Port): void;
  /** How `sniff` knows the connection, if the layer changes its first bytes. */
  readonly match?: Matcher | undefined;
  /** What {@link stack} should know, to warn of a wrong order. */
  readonly traits?: readonly LayerTrait[] | undefined;
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
 * Puts layers in front of a factory. Reading order is wire order: the first layer is nearest the wire. An order that
 * is nearly always wrong is reported with the first connection, as a `UsageError` `HAWSER_LAYER_ORDER`;
 * {@link stackWarnings} tells earlier.
 *
 * @example stack(maxConnections(10_000), tls({ cert, key }), idleTimeout(60_000))(http(app))
 */
export function stack(...layers: readonly Layer[]): (app: FactoryLike) => Factory {
  return (app) => layers.reduceRight<Factory>((inner, each) => each(inner), toFactory(app));
}

/** What is nearly always wrong about the layers of a factory, a sentence each; empty if nothing is. For tests. */
export function stackWarnings(factory: Factory): readonly string[] {
  return 'warnings' in factory && Array.isArray(factory.warnings) ? factory.warnings : [];
}

/** Delegates: a factory may be a class instance with private state, so it cannot be copied. */
class LayeredFactory implements Factory, PlacedLayer {
  readonly name: string;
  readonly match: Matcher | undefined;
  readonly acceptableProtocols: readonly string[] | undefined;
  readonly label: string;
  readonly changesBytes: boolean;
  readonly traits: readonly LayerTrait[];
  /** For `sniff`: clients may wait for the server to speak, unless the layer makes them speak first. */
  readonly speaksFirst: boolean;
  readonly #inner: Factory;
  readonly #parts: LayerParts;
  #unreported: readonly string[];

  constructor(inner: Factory, parts: LayerParts) {
    const { label, match, kind, traits = [] } = parts;
    this.name = `${label} > ${inner.name}`;
    this.match = match ?? inner.match;
    this.acceptableProtocols = inner.acceptableProtocols;
    this.label = label;
    // A transform that is known by its own first bytes hides what is above it, as TLS does.
    this.changesBytes = kind === 'transform' && match !== undefined;
    this.traits = traits;
    this.speaksFirst = !match && inner.speaksFirst === true;
    this.#inner = inner;
    this.#parts = parts;
    this.#unreported = orderWarnings(this, above(inner));
  }

  /** Those of the layers above as well. For {@link stackWarnings}. */
  get warnings(): readonly string[] {
    return [...orderWarnings(this, above(this.#inner)), ...stackWarnings(this.#inner)];
  }

  get inner(): Factory {
    return this.#inner;
  }

  buildProtocol(incoming: Incoming): Protocol | undefined {
    if (this.#unreported.length > 0) this.#report(incoming);
    return this.#parts.build(this.#inner, incoming);
  }

  started(port: Port): void {
    this.#parts.started?.(port);
    this.#inner.started?.(port);
  }

  stopped(port: Port): void {
    this.#parts.stopped?.(port);
    this.#inner.stopped?.(port);
  }

  #report({ reactor }: Incoming): void {
    const warnings = this.#unreported;
    this.#unreported = [];
    for (const warning of warnings) {
      reactor.reports.problem(this.name, new UsageError('HAWSER_LAYER_ORDER', warning));
    }
  }
}

/** The layers from `factory` on, up to the protocol or whatever is no layer. */
function above(factory: Factory): LayeredFactory[] {
  const layers: LayeredFactory[] = [];
  for (let each = factory; each instanceof LayeredFactory; each = each.inner) layers.push(each);
  return layers;
}
