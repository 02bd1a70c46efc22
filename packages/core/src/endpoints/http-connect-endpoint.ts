import type { ClientEndpoint } from '../contract/endpoint.ts';
import type { FactoryLike } from '../contract/factory.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { OperationOptions } from '../contract/tcp.ts';
import type { Deferred } from '../deferred/deferred.ts';
import type { EndpointScheme, Login, TunnelTarget } from './endpoint-scheme.ts';
import { formatOptions, readOptions } from './endpoint-text.ts';
import { HttpConnectHandshake } from './http-connect-handshake.ts';
import { integer, type OptionKinds } from './option-kind.ts';
import { checkTarget, connectTunnel } from './tunnel-connect.ts';
import { addPrefix } from './tunnel-text.ts';

interface HttpConnectDetails {
  /** Longest wait for the answer once the proxy is connected, in milliseconds. @defaultValue 30_000 */
  readonly timeoutMs?: number | undefined;
  /** The longest header of the answer, in bytes. @defaultValue 16_384 */
  readonly maxHeaderBytes?: number | undefined;
}

/** What a {@link HttpConnectClientEndpoint} says. */
export interface HttpConnectPlace extends HttpConnectDetails {
  readonly proxy: ClientEndpoint;
  readonly target: TunnelTarget;
  /** For Basic authentication; the user must have no colon. */
  readonly login?: Login | undefined;
}

const OPTIONS: OptionKinds<HttpConnectDetails> = {
  timeoutMs: integer(1),
  maxHeaderBytes: integer(64),
};

/**
 * Connects through an HTTP proxy by CONNECT (RFC 9110 §9.3.6); the proxy may itself be any endpoint, TLS included. The
 * protocol gets the transport of the connection to the proxy, native socket included; `peer` is the proxy.
 * `http-connect+tcp://user:password@proxy:3128/example.net:443`. Its text has the password in it.
 */
export class HttpConnectClientEndpoint implements ClientEndpoint {
  readonly place: HttpConnectPlace;

  /** @throws UsageError `HAWSER_BAD_ENDPOINT` if target, user or password cannot be sent */
  constructor(place: HttpConnectPlace) {
    checkTarget(place.target);
    // It says at once what cannot be sent.
    new HttpConnectHandshake(place.target, place).start();
    this.place = place;
  }

  connect<P extends Protocol>(
    reactor: Reactor,
    factory: FactoryLike<P>,
    options: OperationOptions = {},
  ): Deferred<P> {
    const { proxy, target, timeoutMs = 30_000 } = this.place;
    return connectTunnel({
      reactor,
      factory,
      proxy,
      text: String(this),
      timeoutMs,
      handshake: new HttpConnectHandshake(target, this.place),
      signal: options.signal,
    });
  }

  toString(): string {
    const { proxy, target, login } = this.place;
    const options = formatOptions(this.place, OPTIONS);
    return addPrefix(String(proxy), { name: 'http-connect', options, target, login });
  }
}

/** The prefix `http-connect+`. */
export const httpConnectScheme: EndpointScheme<ClientEndpoint> = {
  prefix: {
    optionNames: Object.keys(OPTIONS),
    tunnel: { login: 'user and password' },
    wrap(proxy, parts) {
      const { target = { host: '', port: 0 }, login } = parts;
      return new HttpConnectClientEndpoint({
        proxy,
        target,
        login,
        ...readOptions(parts, OPTIONS),
      });
    },
  },
};
