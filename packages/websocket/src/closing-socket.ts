import { WebSocket } from 'ws';

/**
 * ws answers a close frame, and a fault of the peer, by calling its own `close`, and then waits for the peer on a real
 * timer. This tells of each such call, so that the wait can be on the reactor's clock.
 */
export class ClosingSocket extends WebSocket {
  /** Called when the closing handshake has begun, by whichever side; perhaps more than once. */
  closing: () => void = () => undefined;

  override close(code?: number, reason?: string | Buffer): void {
    super.close(code, reason);
    this.closing();
  }
}
