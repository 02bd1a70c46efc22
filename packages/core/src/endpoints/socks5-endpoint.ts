import { toFactory } from '../connection/factory.ts';
import { ipFamily } from '../connection/ip-literal.ts';
import type { ClientEndpoint } from '../contract/endpoint.ts';
import type { FactoryLike } from '../contract/factory.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { OperationOptions } from '../contract/tcp.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { withoutPasswords } from './bad-endpoint.ts';
import type { EndpointScheme, Login, TunnelTarget } from './endpoint-scheme.ts';
import { formatOptions, readOptions } from './endpoint-text.ts';
import { integer, type OptionKinds, oneOf } from './option-kind.ts';
import { Socks5Handshake } from './socks5-handshake.ts';
import { checkTarget, connectTunnel } from './tunnel-connect.ts';
import { raceTunnels } from './tunnel-race.ts';
import { addPrefix } from './tunnel-text.ts';

interface Socks5Details {
  /**
   * Who looks up the name of the target: the proxy, or this side, which then asks for its addresses in turn, on a
   * connection to the proxy each, until one is connected (RFC 8305). @defaultValue 'remote'
   */
  readonly resolve?: 'remote' | 'local' | undefined;
  /**
   * Longest dialogue with the proxy once it is connected, in milliseconds; for a name that is looked up on this side
   * longest wait for everything. @defaultValue 30_000
   */
  readonly timeoutMs?: number | undefined;
}

/** What a {@link Socks5ClientEndpoint} says. */
export interface Socks5Place extends Socks5Details {
  readonly proxy: ClientEndpoint;
  readonly target: TunnelTarget;
  /** User and password; both must have 1 to 255 bytes. */
  readonly login?: Login | undefined;
}

const OPTIONS: OptionKinds<Socks5Details> = {
  resolve: oneOf('remote', 'local'),
  timeoutMs: integer(1),
};

/**
 * Connects through a SOCKS 5 proxy (RFC 1928), which may itself be any endpoint. The protocol gets the transport of the
 * connection to the proxy, native socket included; `peer` is the proxy.
 * `socks5+tcp://user:password@proxy:1080/example.net:25`. Its text has the password in it.
 */
export class Socks5ClientEndpoint implements ClientEndpoint {
  readonly place: Socks5Place;

  /** @throws UsageError `HAWSER_BAD_ENDPOINT` if target, user or password cannot be sent */
  constructor(place: Socks5Place) {
    checkTarget(place.target);
    // It says at once what does not fit.
    new Socks5Handshake(place.target, place.login).start();
    this.place = place;
  }

  connect<P extends Protocol>(
    reactor: Reactor,
    factory: FactoryLike<P>,
    options: OperationOptions = {},
  ): Deferred<P> {
    const { proxy, target, login, resolve = 'remote', timeoutMs = 30_000 } = this.place;
    const { signal } = options;
    const text = String(this);
    const through = <Q extends Protocol>(
      handshake: Socks5Handshake,
      wanted: FactoryLike<Q>,
      by?: AbortSignal,
    ): Deferred<Q> =>
      connectTunnel({ reactor, factory: wanted, proxy, text, timeoutMs, handshake, signal: by });
    if (resolve === 'remote' || ipFamily(target.host)) {
      return through(new Socks5Handshake(target, login), factory, signal);
    }
    return raceTunnels({
      reactor,
      host: target.host,
      factory: toFactory(factory),
      where: withoutPasswords(text),
      timeoutMs,
      signal,
      attempt({ host }, park) {
        const handshake = new Socks5Handshake({ host, port: target.port }, login);
        return { opening: through(handshake, park), asked: () => handshake.asked };
      },
    });
  }

  toString(): string {
    const { proxy, target, login } = this.place;
    const options = formatOptions(this.place, OPTIONS);
    return addPrefix(String(proxy), { name: 'socks5', options, target, login });
  }
}

/** The prefix `socks5+`. */
export const socks5Scheme: EndpointScheme<ClientEndpoint> = {
  prefix: {
    optionNames: Object.keys(OPTIONS),
    tunnel: { defaultPort: 1080, login: 'user and password' },
    wrap(proxy, parts) {
      const { target = { host: '', port: 0 }, login } = parts;
      return new Socks5ClientEndpoint({ proxy, target, login, ...readOptions(parts, OPTIONS) });
    },
  },
};
