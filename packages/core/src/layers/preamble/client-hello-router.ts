import { toFactory } from '../../connection/factory.ts';
import { ServerNames } from '../../connection/server-names.ts';
import { stackWarnings } from '../../connection/stack.ts';
import type { Factory, FactoryLike, Incoming } from '../../contract/factory.ts';
import type { Port } from '../../contract/port.ts';
import type { Protocol } from '../../contract/protocol.ts';
import { CLIENT_HELLO, type ClientHelloOptions, clientHello } from './client-hello.ts';

/** Who takes the connection, by the name the client asks for: `{ 'a.example': a, '*.b.example': b, otherwise }`. */
export interface ServerNameRoutes {
  readonly [name: string]: FactoryLike | undefined;
  /** Takes clients that ask for no name or for another one. Without it they are refused. */
  readonly otherwise?: FactoryLike | undefined;
}

/**
 * Routes TLS connections by the name the client asks for (SNI), without decrypting them: the chosen factory gets the
 * untouched bytes, with the socket still its own, so it may be `tls` with a certificate of that name, or a tunnel. An
 * exact name goes before a wildcard, which stands for one label.
 *
 * The name is only what the client says. Where it matters who may reach what, check the `Host` inside as well.
 *
 * @throws TypeError if a key is neither a DNS name nor a wildcard
 */
export function routeByServerName(
  routes: ServerNameRoutes,
  options: ClientHelloOptions = {},
): Factory {
  return clientHello(options)(new ServerNameRouter(routes));
}

class ServerNameRouter implements Factory {
  readonly name: string;
  readonly #names: ServerNames<Factory>;
  readonly #otherwise: Factory | undefined;
  readonly #all: ReadonlySet<Factory>;

  constructor({ otherwise, ...routes }: ServerNameRoutes) {
    const named = Object.entries(routes).flatMap(([name, like]) =>
      like ? [[name, toFactory(like)] as const] : [],
    );
    this.#names = new ServerNames(Object.fromEntries(named));
    this.#otherwise = otherwise && toFactory(otherwise);
    this.#all = new Set([
      ...named.map(([, factory]) => factory),
      ...(this.#otherwise ? [this.#otherwise] : []),
    ]);
    this.name = `serverName(${[...named.map(([name]) => name), ...(otherwise ? ['otherwise'] : [])].join('|')})`;
  }

  /** For `stackWarnings`. */
  get warnings(): readonly string[] {
    return [...this.#all].flatMap((each) => stackWarnings(each));
  }

  buildProtocol(incoming: Incoming): Protocol | undefined {
    const asked = incoming.info(CLIENT_HELLO)?.serverName;
    const factory = this.#names.find(asked) ?? this.#otherwise;
    if (factory) {
      incoming.context.label = factory.name;
      return factory.buildProtocol(incoming);
    }
    const why = asked === undefined ? 'the client asks for no name' : `nobody serves "${asked}"`;
    incoming.abort({ kind: 'refused', by: 'serverName', why });
    return undefined;
  }

  started(port: Port): void {
    for (const factory of this.#all) factory.started?.(port);
  }

  stopped(port: Port): void {
    for (const factory of this.#all) factory.stopped?.(port);
  }
}
