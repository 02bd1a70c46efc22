import { stack } from '../../src/connection/stack.ts';
import type { Factory } from '../../src/contract/factory.ts';
import type { Layer } from '../../src/contract/layer.ts';
import { SecuringProtocol } from '../../src/layers/transform/securing-protocol.ts';
import { tls } from '../../src/layers/transform/tls.ts';
import { localhostCertificate } from '../fixtures/localhost-certificate.ts';
import type { SocketKind } from './socket-harness.ts';
import { portOf } from './tcp-kind.ts';

export const TLS_VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;
export type TlsVersion = (typeof TLS_VERSIONS)[number];

const host = '127.0.0.1';

/** TLS on loopback, over TCP with `layers` at both ends. */
export function tlsKind(version: TlsVersion, ...layers: readonly Layer[]): SocketKind {
  const below = stack(...layers);
  return {
    can: new Set(['resets', 'halfCloses', 'detaches', 'limitsPending', 'bulk']),
    listen: (reactor, factory, options) =>
      reactor.tcp.listen({ host, port: 0, ...options }, below(tlsServer(version)(factory))),
    connect: (reactor, port, { factory, options }) =>
      reactor.tcp.connect(
        { host, port: portOf(port), ...options },
        below(tlsClient(version)(factory)),
      ),
  };
}

/** The server side of one version. */
export function tlsServer(version: TlsVersion): Layer {
  return tls({ ...localhostCertificate, minVersion: version, maxVersion: version });
}

/** The client side of one version, which takes any certificate. */
export function tlsClient(version: TlsVersion): (upper: Factory) => Factory {
  const options = { verify: false, minVersion: version, maxVersion: version };
  return (upper) => ({
    name: 'tls client',
    buildProtocol: () =>
      new SecuringProtocol((under) => under.reactor.tls.startClient(under, options, upper)),
  });
}
