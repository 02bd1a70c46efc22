import { layer } from '../../connection/stack.ts';
import type { Factory } from '../../contract/factory.ts';
import type { Layer } from '../../contract/layer.ts';
import type { Protocol } from '../../contract/protocol.ts';
import type { TlsServerOptions, TlsSession } from '../../contract/tls.ts';
import type { Transport } from '../../contract/transport.ts';
import { matchTls } from '../preamble/matchers.ts';

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
    build: (inner) => new TlsProtocol(options, inner),
  });
}

/** What stands on the connection below TLS. */
class TlsProtocol implements Protocol {
  readonly #options: TlsServerOptions;
  readonly #inner: Factory;
  #session: TlsSession | undefined;

  constructor(options: TlsServerOptions, inner: Factory) {
    this.#options = options;
    this.#inner = inner;
  }

  connectionMade(transport: Transport): void {
    this.#session = transport.reactor.tls.startServer(transport, this.#options, this.#inner);
  }

  // The session has taken the bytes over by now.
  dataReceived(): void {}

  drainRequested(deadline: number): void {
    this.#session?.drainRequested(deadline);
  }
}
