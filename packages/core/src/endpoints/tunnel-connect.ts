import { toFactory } from '../connection/factory.ts';
import { ipFamily } from '../connection/ip-literal.ts';
import type { ClientEndpoint } from '../contract/endpoint.ts';
import type { FactoryLike } from '../contract/factory.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { OperationOptions } from '../contract/tcp.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { UsageError } from '../errors.ts';
import { withoutPasswords } from './bad-endpoint.ts';
import { connectOver } from './connect-over.ts';
import type { TunnelTarget } from './endpoint-scheme.ts';
import type { TunnelHandshake } from './tunnel-handshake.ts';
import { TunnelProtocol } from './tunnel-protocol.ts';

/** What {@link connectTunnel} needs to know. */
export interface TunnelConnectParts<P extends Protocol> extends OperationOptions {
  readonly reactor: Reactor;
  readonly factory: FactoryLike<P>;
  readonly proxy: ClientEndpoint;
  /** The text of the whole endpoint. */
  readonly text: string;
  readonly timeoutMs: number;
  readonly handshake: TunnelHandshake;
}

/** Connects to a proxy and through it. @throws ConnectError `HAWSER_PROXY`, `HAWSER_CONNECT_TIMEOUT`, and those of `proxy` */
export function connectTunnel<P extends Protocol>(parts: TunnelConnectParts<P>): Deferred<P> {
  const { reactor, factory, proxy, text, timeoutMs, handshake, signal } = parts;
  const where = withoutPasswords(text);
  return connectOver({
    reactor,
    inner: proxy,
    factory: toFactory(factory),
    where,
    code: 'HAWSER_PROXY',
    signal,
    between: (upper) => ({
      name: `tunnel > ${upper.name}`,
      buildProtocol: (incoming) => new TunnelProtocol({ incoming, handshake, upper, timeoutMs }),
    }),
  });
}

/** Keeps out what could be taken for more than a host: a value may come from anywhere. */
export function checkTarget({ host, port }: TunnelTarget): void {
  const isName = /^[\w.-]{1,255}$/.test(host);
  if ((isName || (ipFamily(host) && !host.includes('%'))) && port >= 1 && port <= 65_535) return;
  throw new UsageError(
    'HAWSER_BAD_ENDPOINT',
    `Cannot go on to a host as it must be a name or an address without zone, and a port: ${JSON.stringify(host)}, ${port}`,
  );
}
