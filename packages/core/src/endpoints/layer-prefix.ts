import { stack } from '../connection/stack.ts';
import type { ServerEndpoint } from '../contract/endpoint.ts';
import type { FactoryLike } from '../contract/factory.ts';
import type { Layer } from '../contract/layer.ts';
import type { Port } from '../contract/port.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { OperationOptions } from '../contract/tcp.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { fail } from '../deferred/fail.ts';
import type { Prefix } from './endpoint-scheme.ts';
import { formatOptions, readOptions } from './endpoint-text.ts';
import type { OptionKinds } from './option-kind.ts';
import { addPrefix } from './tunnel-text.ts';

/** What a prefix that is a layer consists of. */
export interface LayerPrefixParts<O extends object> {
  /** As it is written before the `+`. */
  readonly name: string;
  readonly options: OptionKinds<O>;
  /** Options without a default. */
  readonly required?: readonly (keyof O & string)[] | undefined;
  /** Makes the layer when the endpoint listens. A throw fails the listening. */
  layer(options: O, context: { readonly reactor: Reactor; readonly where: string }): Layer;
}

/** A layer as a prefix of server endpoints: `proxy+tcp://:25` is a TCP endpoint with the layer `proxy`. */
export function layerPrefix<O extends object>(parts: LayerPrefixParts<O>): Prefix<ServerEndpoint> {
  return {
    optionNames: Object.keys(parts.options),
    wrap(inner, text) {
      const options = readOptions(text, parts.options, parts.required);
      return new PrefixedServerEndpoint(inner, { ...parts, given: options });
    },
  };
}

interface PrefixedParts<O extends object> extends LayerPrefixParts<O> {
  readonly given: O;
}

class PrefixedServerEndpoint<O extends object> implements ServerEndpoint {
  readonly #inner: ServerEndpoint;
  readonly #parts: PrefixedParts<O>;

  constructor(inner: ServerEndpoint, parts: PrefixedParts<O>) {
    this.#inner = inner;
    this.#parts = parts;
  }

  listen(reactor: Reactor, factory: FactoryLike, options?: OperationOptions): Deferred<Port> {
    let layer: Layer;
    try {
      layer = this.#parts.layer(this.#parts.given, { reactor, where: String(this) });
    } catch (thrown) {
      return fail(thrown, { reports: reactor.reports, where: 'listen' });
    }
    return this.#inner.listen(reactor, stack(layer)(factory), options);
  }

  toString(): string {
    const { name, given, options } = this.#parts;
    return addPrefix(String(this.#inner), { name, options: formatOptions(given, options) });
  }
}
