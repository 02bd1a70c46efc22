import type { LayerHarness } from '../../conformance/index.ts';
import { layer, stack } from '../../src/connection/stack.ts';
import type { Factory } from '../../src/contract/factory.ts';
import type { Layer } from '../../src/contract/layer.ts';
import { acceptRate } from '../../src/layers/admission/accept-rate.ts';
import { allowList, denyList } from '../../src/layers/admission/allow-list.ts';
import { maxConnections } from '../../src/layers/admission/max-connections.ts';
import { perAddress } from '../../src/layers/admission/per-address.ts';
import { accessLog } from '../../src/layers/observer/access-log.ts';
import { connectionCounters } from '../../src/layers/observer/connection-counters.ts';
import { idleTimeout } from '../../src/layers/observer/idle-timeout.ts';
import { lifetime } from '../../src/layers/observer/lifetime.ts';
import { clientHello } from '../../src/layers/preamble/client-hello.ts';
import { handshakeDeadline, handshakeEnd } from '../../src/layers/preamble/handshake-deadline.ts';
import { proxyProtocol } from '../../src/layers/preamble/proxy-protocol/layer.ts';
import { sendProxyHeader } from '../../src/layers/preamble/proxy-protocol/send.ts';
import { sniff } from '../../src/layers/preamble/sniff.ts';
import { startTls } from '../../src/layers/transform/start-tls.ts';
import { tls } from '../../src/layers/transform/tls.ts';
import { transform } from '../../src/layers/transform/transform.ts';
import { localhostCertificate } from '../fixtures/localhost-certificate.ts';
import { tapped, throttled, throttledTogether } from './wrapping-layers.ts';

/** A layer, and what its client needs. */
export interface LayerUnderTest
  extends Pick<LayerHarness, 'makeLayer' | 'wrapClient' | 'makeRefusing' | 'keepsDetach'> {
  readonly secure?: boolean;
}

const HERE = ['memory', '127.0.0.1'];
const HOUR_MS = 3_600_000;

/** A client that starts TLS at once. */
function tlsClient(upper: Factory): Factory {
  return {
    name: 'tls client',
    buildProtocol: () => ({
      connectionMade: (transport) =>
        startTls(transport, { side: 'client', options: { verify: false }, upper }),
      dataReceived: () => undefined,
    }),
  };
}

/** Layers as one, under the label of them all. */
function together(...layers: readonly Layer[]): Layer {
  const label = layers.map((each) => each.label).join(' > ');
  return Object.assign(stack(...layers), { kind: 'transform' as const, label });
}

/** `sniff` as a layer: clients that say nothing and clients that say anything come to the same protocol. */
const sniffing = (): Layer =>
  layer({
    kind: 'preamble',
    label: 'sniff',
    build: (inner, incoming) =>
      sniff({ silent: inner, otherwise: inner }, { silentAfterMs: 5 }).buildProtocol(incoming),
  });

/** `startTls` as a layer: TLS starts as soon as there is a connection. */
const upgrading = (): Layer =>
  layer({
    kind: 'transform',
    label: 'startTls',
    build: (upper) => ({
      connectionMade: (transport) =>
        startTls(transport, { side: 'server', options: localhostCertificate, upper }),
      dataReceived: () => undefined,
    }),
  });

export const layersUnderTest: Readonly<Record<string, LayerUnderTest>> = {
  'maxConnections, refusing': {
    makeLayer: () => maxConnections(100),
    makeRefusing: () => {
      const full = maxConnections(1, { resumeAt: 0 });
      return layer({
        kind: 'admission',
        label: 'full',
        build(inner, incoming) {
          // The one place is taken, by the same connection one layer below.
          return full(full(inner)).buildProtocol(incoming);
        },
      });
    },
  },
  'maxConnections, not accepting': {
    makeLayer: () => maxConnections(100, { policy: 'stop-accepting' }),
  },
  perAddress: { makeLayer: () => perAddress(100) },
  acceptRate: {
    makeLayer: () => acceptRate({ perSecond: 100, perAddress: { perSecond: 100 } }),
    makeRefusing: () => {
      const once = acceptRate({ perSecond: 0.001 });
      return together(once, once);
    },
  },
  allowList: { makeLayer: () => allowList(HERE), makeRefusing: () => allowList([]) },
  denyList: { makeLayer: () => denyList([]), makeRefusing: () => denyList(HERE) },
  proxyProtocol: {
    makeLayer: () => proxyProtocol({ trust: HERE }),
    wrapClient: sendProxyHeader(),
    makeRefusing: () => proxyProtocol({ trust: [] }),
  },
  'proxyProtocol, optional': {
    makeLayer: () => proxyProtocol({ trust: HERE, required: false, timeoutMs: 5 }),
  },
  sendProxyHeader: {
    makeLayer: () => sendProxyHeader({ version: 1 }),
    wrapClient: proxyProtocol({ trust: HERE }),
  },
  sniff: { makeLayer: sniffing },
  handshakeDeadline: { makeLayer: () => handshakeDeadline(HOUR_MS) },
  handshakeEnd: { makeLayer: () => handshakeEnd },
  idleTimeout: { makeLayer: () => idleTimeout(HOUR_MS) },
  lifetime: { makeLayer: () => lifetime(HOUR_MS) },
  accessLog: { makeLayer: () => accessLog(() => undefined) },
  connectionCounters: { makeLayer: () => connectionCounters() },
  transform: {
    makeLayer: () => transform('copy', () => ({ received: (data) => Buffer.from(data) })),
  },
  tap: { makeLayer: tapped },
  throttle: { makeLayer: () => throttled(1_000_000) },
  sharedThrottle: { makeLayer: throttledTogether },
  tls: {
    makeLayer: () => tls(localhostCertificate),
    wrapClient: tlsClient,
    keepsDetach: true,
    secure: true,
  },
  startTls: { makeLayer: upgrading, wrapClient: tlsClient, keepsDetach: true, secure: true },
  'clientHello and tls': {
    makeLayer: () => together(clientHello(), tls(localhostCertificate)),
    wrapClient: tlsClient,
    keepsDetach: true,
    secure: true,
  },
};
