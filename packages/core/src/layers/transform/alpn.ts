import { checkAlpnNames } from '../../connection/alpn-names.ts';
import { toFactory } from '../../connection/factory.ts';
import { TLS } from '../../connection/info-keys.ts';
import { stackWarnings } from '../../connection/stack.ts';
import type { Factory, FactoryLike, Incoming } from '../../contract/factory.ts';
import type { Port } from '../../contract/port.ts';
import type { Protocol } from '../../contract/protocol.ts';

/** Who speaks which protocol, by ALPN name, the one preferred first: `{ h2, 'http/1.1': http, otherwise: http }`. */
export interface AlpnRoutes {
  readonly [name: string]: FactoryLike | undefined;
  /** Takes clients that offer no ALPN at all. Without it they are refused. */
  readonly otherwise?: FactoryLike | undefined;
}

/**
 * Chooses the protocol by what TLS agreed on (ALPN, RFC 7301). Put it above `tls`, which offers the names of these
 * routes: `stack(tls({ cert, key }))(alpn({ h2, 'http/1.1': http }))`. A client that offers other names alone fails
 * in the handshake.
 *
 * @throws TypeError if a name does not have 1 to 255 bytes
 */
export function alpn(routes: AlpnRoutes): Factory {
  return new AlpnRouter(routes);
}

class AlpnRouter implements Factory {
  readonly name: string;
  readonly acceptableProtocols: readonly string[];
  readonly #routes: ReadonlyMap<string, Factory>;
  readonly #otherwise: Factory | undefined;

  constructor({ otherwise, ...routes }: AlpnRoutes) {
    this.#routes = new Map(
      Object.entries(routes).flatMap(([name, like]) => (like ? [[name, toFactory(like)]] : [])),
    );
    this.#otherwise = otherwise && toFactory(otherwise);
    this.acceptableProtocols = [...this.#routes.keys()];
    this.name = `alpn(${[...this.acceptableProtocols, ...(otherwise ? ['otherwise'] : [])].join('|')})`;
    checkAlpnNames(this.acceptableProtocols);
  }

  /** For `stackWarnings`. */
  get warnings(): readonly string[] {
    return [...this.#all()].flatMap((each) => stackWarnings(each));
  }

  buildProtocol(incoming: Incoming): Protocol | undefined {
    const agreed = incoming.info(TLS)?.alpn;
    const factory =
      (agreed === undefined ? undefined : this.#routes.get(agreed)) ?? this.#otherwise;
    if (factory) {
      incoming.context.label = factory.name;
      return factory.buildProtocol(incoming);
    }
    const why =
      agreed === undefined ? 'the client offers no ALPN' : 'nobody speaks what was agreed';
    incoming.abort({ kind: 'refused', by: 'alpn', why });
    return undefined;
  }

  started(port: Port): void {
    for (const factory of this.#all()) factory.started?.(port);
  }

  stopped(port: Port): void {
    for (const factory of this.#all()) factory.stopped?.(port);
  }

  #all(): ReadonlySet<Factory> {
    const all = new Set(this.#routes.values());
    if (this.#otherwise) all.add(this.#otherwise);
    return all;
  }
}
