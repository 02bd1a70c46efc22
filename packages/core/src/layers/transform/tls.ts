import { layer } from '../../connection/stack.ts';
import type { Layer } from '../../contract/layer.ts';
import type { TlsServerOptions } from '../../contract/tls.ts';
import { matchTls } from '../preamble/matchers.ts';
import { SecuringProtocol } from './securing-protocol.ts';

/**
 * TLS, the server side. The protocol is built after the handshake, on a transport that answers `info(TLS)`; on a real
 * socket that is a real socket again. A handshake that fails or takes longer than `handshakeTimeoutMs` ends the
 * connection.
 */
export function tls(options: TlsServerOptions): Layer {
  return layer({
    kind: 'transform',
    label: 'tls',
    match: matchTls,
    build: (inner) =>
      new SecuringProtocol((under) => under.reactor.tls.startServer(under, options, inner)),
  });
}
