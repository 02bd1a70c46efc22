import type { Transport } from '@hawser/core';

/** How long who takes an upgrade may let its peer wait, unless something else is said. */
export const UPGRADE_TIMEOUT_MS = 15_000;

/** Aborts a connection that was given away, unless something is written to it within `ms`. */
export function expectAnswer(transport: Transport, ms: number): void {
  const before = transport.bytesWritten;
  const timer = transport.reactor.clock.callLater(ms, () => {
    leaving[Symbol.dispose]();
    if (transport.bytesWritten > before) return;
    transport.abort({ kind: 'timeout', timer: 'handshake', afterMs: ms });
  });
  const leaving = transport.onClose(() => timer.cancel());
}
