import type { CloseReason } from '../contract/close-reason.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Transport } from '../contract/transport.ts';

/**
 * A protocol to extend: it keeps the transport, and every callback but `dataReceived` has a default. Override
 * `connected` to do something at the start.
 */
export abstract class BaseProtocol implements Protocol {
  #transport: Transport | undefined;

  /** The connection. Reading it before `connectionMade` is a mistake and throws. */
  get transport(): Transport {
    if (!this.#transport) throw new TypeError('Cannot use the transport before connectionMade');
    return this.#transport;
  }

  connectionMade(transport: Transport): void {
    this.#transport = transport;
    this.connected();
  }

  /** The connection is ready; called from `connectionMade`. */
  connected(): void {}

  abstract dataReceived(data: Buffer): void;

  readEnded(): void {
    this.transport.end();
  }

  writeDrained(): void {}

  connectionLost(_reason: CloseReason): void {}
}
