// Connections to servers: TCP (RFC 7766), or TLS on top of it (RFC 7858).
import {
  CancelledError,
  connectOver,
  type Deferred,
  type Factory,
  type Reactor,
  SecuringProtocol,
  TcpClientEndpoint,
  TLS,
  toError,
} from '@hawser/core';
import { DnsClientError } from './client-error.ts';
import type { DnsServer } from './dns-server.ts';
import type { StreamChannel } from './stream-channel.ts';

/**
 * Connects `channel` to `server`, within `timeoutMs`.
 * @throws DnsClientError `HAWSER_DNS_NETWORK`
 */
export function openChannel(
  reactor: Reactor,
  server: DnsServer,
  { channel, timeoutMs }: { readonly channel: StreamChannel; readonly timeoutMs: number },
): Deferred<StreamChannel> {
  const { host, port, transport, tls, text } = server;
  const factory: Factory<StreamChannel> = { name: 'dns client', buildProtocol: () => channel };
  const endpoint = new TcpClientEndpoint({ host, port, timeoutMs });
  const connecting =
    transport === 'tls'
      ? connectOver({
          reactor,
          inner: endpoint,
          factory,
          where: text,
          code: 'HAWSER_TLS_HANDSHAKE',
          between: (upper) => ({
            name: 'tls > dns client',
            buildProtocol: (incoming) =>
              incoming.info(TLS)
                ? upper.buildProtocol(incoming)
                : new SecuringProtocol((under) => under.reactor.tls.startClient(under, tls, upper)),
          }),
        })
      : endpoint.connect(reactor, factory);
  return connecting.timeout(timeoutMs, reactor.clock).addErrback((error): never => {
    if (error instanceof CancelledError) throw error;
    const cause = toError(error);
    const why = `Cannot ask ${text}: ${cause.message}`;
    throw new DnsClientError('HAWSER_DNS_NETWORK', why, { cause });
  });
}
