import { describe } from 'vitest';
import { transportConformance } from '../../conformance/index.ts';
import { stack } from '../../src/connection/stack.ts';
import type { Factory } from '../../src/contract/factory.ts';
import type { Layer } from '../../src/contract/layer.ts';
import type { TlsSession } from '../../src/contract/tls.ts';
import { tls } from '../../src/layers/transform/tls.ts';
import { transform } from '../../src/layers/transform/transform.ts';
import { localhostCertificate } from '../fixtures/localhost-certificate.ts';
import { runCases } from './run-cases.ts';
import type { SocketKind } from './socket-harness.ts';
import { portOf } from './tcp-kind.ts';

const host = '127.0.0.1';

describe('TLS over TCP', () => {
  runCases(transportConformance, tlsOver());
});

describe('TLS through a transform layer, so over a stream that is no socket', () => {
  runCases(transportConformance, tlsOver(transform('copy', () => ({}))));
});

function tlsOver(...layers: readonly Layer[]): SocketKind {
  const below = stack(...layers);
  return {
    can: new Set(['resets', 'halfCloses', 'detaches', 'limitsPending', 'bulk']),
    listen: (reactor, factory, options) =>
      reactor.tcp.listen({ host, port: 0, ...options }, below(tls(localhostCertificate)(factory))),
    connect: (reactor, port, { factory, options }) =>
      reactor.tcp.connect({ host, port: portOf(port), ...options }, below(tlsClient(factory))),
  };
}

function tlsClient(upper: Factory): Factory {
  return {
    name: 'tls client',
    buildProtocol() {
      let session: TlsSession | undefined;
      return {
        connectionMade(transport) {
          session = transport.reactor.tls.startClient(transport, { verify: false }, upper);
        },
        dataReceived() {},
        drainRequested: (deadline) => session?.drainRequested(deadline),
      };
    },
  };
}
