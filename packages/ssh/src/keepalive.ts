import type { DelayedCall, Transport } from '@hawser/core';

/** When a silent client counts as gone. */
export interface KeepaliveOptions {
  /** Silence after which the client is asked whether it is there, in milliseconds. */
  readonly intervalMs: number;
  /** Questions without an answer after which the connection is aborted. */
  readonly maxUnanswered: number;
  /** Asks. */
  readonly ping: () => void;
}

/** Asks a silent client whether it is there, and aborts the connection of one that is not. Disposing stops it. */
export function keepAlive(transport: Transport, options: KeepaliveOptions): Disposable {
  const { intervalMs, maxUnanswered, ping } = options;
  const { clock } = transport.reactor;
  let heard = transport.bytesRead;
  let unanswered = 0;
  let timer: DelayedCall;

  const look = (): void => {
    if (transport.bytesRead !== heard) unanswered = 0;
    heard = transport.bytesRead;
    if (unanswered >= maxUnanswered) {
      const afterMs = intervalMs * (maxUnanswered + 1);
      transport.abort({ kind: 'timeout', timer: 'idle', afterMs });
      return;
    }
    unanswered += 1;
    ping();
    timer = clock.callLater(intervalMs, look);
  };
  timer = clock.callLater(intervalMs, look);
  return { [Symbol.dispose]: () => timer.cancel() };
}
