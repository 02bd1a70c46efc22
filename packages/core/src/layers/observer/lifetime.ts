import { requestDrain } from '../../connection/request-drain.ts';
import { layer } from '../../connection/stack.ts';
import type { DelayedCall } from '../../contract/clock.ts';
import type { Incoming } from '../../contract/factory.ts';
import type { Layer } from '../../contract/layer.ts';

/** Options for {@link lifetime}. */
export interface LifetimeOptions {
  /**
   * Shortens each lifetime by up to this part of it, at random, so that connections that came together do not all
   * come back together. From 0 to 1. @defaultValue 0.1
   */
  readonly jitter?: number | undefined;
  /** How long the protocol may take to say goodbye, in milliseconds. @defaultValue 10_000 */
  readonly graceMs?: number | undefined;
}

/**
 * Ends connections that are older than `ms` milliseconds, so that load balances anew and nothing lives for ever. The
 * protocol is asked to finish as when the process stops (`drainRequested`); what is open `graceMs` later is aborted
 * with `{ kind: 'timeout', timer: 'lifetime' }`.
 *
 * @throws RangeError if a number makes no sense
 */
export function lifetime(ms: number, options: LifetimeOptions = {}): Layer {
  const { jitter = 0.1, graceMs = 10_000 } = options;
  if (!(ms > 0))
    throw new RangeError(`Cannot end connections as the milliseconds must be > 0: ${ms}`);
  if (!(jitter >= 0 && jitter <= 1)) {
    throw new RangeError(`Cannot end connections as jitter must be from 0 to 1: ${jitter}`);
  }
  if (!(graceMs >= 0)) {
    throw new RangeError(`Cannot end connections as graceMs must be >= 0: ${graceMs}`);
  }
  return layer({
    kind: 'observer',
    label: `lifetime(${ms})`,
    build(inner, incoming) {
      const protocol = inner.buildProtocol(incoming);
      const age = ms * (1 - jitter * incoming.reactor.random.float());
      if (protocol) limit(incoming, { ms: age, graceMs });
      return protocol;
    },
  });
}

function limit(incoming: Incoming, { ms, graceMs }: { ms: number; graceMs: number }): void {
  const { clock } = incoming.reactor;
  let timer: DelayedCall = clock.callLater(ms, () => {
    const deadline = clock.now() + graceMs;
    // Set first: of two calls due at once, the protocol's own comes later, so the reason is ours.
    timer = clock.callLater(graceMs, () => {
      incoming.abort({ kind: 'timeout', timer: 'lifetime', afterMs: ms + graceMs });
    });
    requestDrain(incoming, deadline);
  });
  incoming.onClose(() => timer.cancel());
}
