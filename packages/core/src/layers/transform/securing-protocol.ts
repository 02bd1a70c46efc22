import type { Protocol } from '../../contract/protocol.ts';
import type { TlsSession } from '../../contract/tls.ts';
import type { Transport } from '../../contract/transport.ts';

/**
 * What stands on the connection below TLS: it starts the session, which takes the bytes, and passes drains on.
 *
 * @example
 * new SecuringProtocol((under) => under.reactor.tls.startClient(under, options, upper));
 */
export class SecuringProtocol implements Protocol {
  readonly #start: (under: Transport) => TlsSession;
  #session: TlsSession | undefined;

  constructor(start: (under: Transport) => TlsSession) {
    this.#start = start;
  }

  connectionMade(under: Transport): void {
    this.#session = this.#start(under);
  }

  // The session has taken the bytes over by now.
  dataReceived(): void {}

  drainRequested(deadline: number): void {
    this.#session?.drainRequested(deadline);
  }
}
