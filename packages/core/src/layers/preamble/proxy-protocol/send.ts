import { handOver } from '../../../connection/hand-over.ts';
import { layer } from '../../../connection/stack.ts';
import type { Incoming } from '../../../contract/factory.ts';
import type { Layer } from '../../../contract/layer.ts';
import type { Transport } from '../../../contract/transport.ts';
import { encodeProxyHeader, type ProxyHeaderParts } from './write.ts';

/** What to send: the same for all connections, or made for each. */
export type ProxyHeaderSource = ProxyHeaderParts | ((connection: Incoming) => ProxyHeaderParts);

/**
 * For the connecting side: sends a PROXY header before the protocol says anything, then leaves. Without arguments it
 * says that the connection is this process's own, as a health check does.
 *
 * @example
 * // Forward `client`, with its address.
 * const layer = sendProxyHeader({ source: client.peer, destination: client.local });
 * reactor.tcp.connect({ host, port }, stack(layer)(upstream));
 */
export function sendProxyHeader(header: ProxyHeaderSource = {}): Layer {
  return layer({
    kind: 'preamble',
    label: 'sendProxy',
    build: (inner, incoming) => ({
      connectionMade(transport: Transport) {
        transport.write(
          encodeProxyHeader(typeof header === 'function' ? header(incoming) : header),
        );
        handOver(transport, { incoming, factory: inner });
      },
      // By the first byte it has handed over.
      dataReceived() {},
    }),
  });
}
