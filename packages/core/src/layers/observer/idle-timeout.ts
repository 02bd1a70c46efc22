import { layer } from '../../connection/stack.ts';
import { takenBytes } from '../../connection/taken-bytes.ts';
import type { Incoming } from '../../contract/factory.ts';
import type { Layer } from '../../contract/layer.ts';
import { waitForInput } from '../wait-for-input.ts';

/**
 * Aborts a connection that neither received nor sent a byte for `ms` milliseconds, with
 * `{ kind: 'timeout', timer: 'idle' }`. Bytes that wait for the peer to read count when they leave. It samples byte counts instead of watching chunks, so it costs nothing while
 * data flows and may fire up to a quarter of `ms` late.
 */
export function idleTimeout(ms: number): Layer {
  if (!(ms > 0)) throw new RangeError(`Cannot time out as the milliseconds must be > 0: ${ms}`);
  return layer({
    kind: 'observer',
    label: `idle(${ms})`,
    build(inner, incoming) {
      const protocol = inner.buildProtocol(incoming);
      if (protocol) watch(incoming, ms);
      return protocol;
    },
  });
}

function watch(incoming: Incoming, ms: number): void {
  const { clock } = incoming.reactor;
  const interval = Math.max(1, ms / 4);
  let seen = incoming.bytesRead + takenBytes(incoming);
  let since = clock.now();
  let timer = waitForInput(clock, { ms, expired: look });
  incoming.onClose(() => timer.cancel());

  function look(): void {
    const now = clock.now();
    const count = incoming.bytesRead + takenBytes(incoming);
    if (count !== seen) {
      seen = count;
      since = now;
    } else if (now - since >= ms) {
      incoming.abort({ kind: 'timeout', timer: 'idle', afterMs: ms });
      return;
    }
    const left = Math.max(1, Math.min(interval, since + ms - now));
    timer = waitForInput(clock, { ms: left, expired: look });
  }
}
