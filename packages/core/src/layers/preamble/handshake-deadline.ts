import { layer } from '../../connection/stack.ts';
import type { Incoming } from '../../contract/factory.ts';
import type { InfoKey } from '../../contract/info.ts';
import type { Layer } from '../../contract/layer.ts';
import { waitForInput } from '../wait-for-input.ts';

/** What ends the waiting of all deadlines that run for a connection, in the context its layers share. */
const DONE: InfoKey<() => void> = { name: 'handshake done' };

/**
 * One deadline for everything that comes before a protocol gets to work: a connection that has not got there `ms`
 * milliseconds after this layer saw it is aborted with `{ kind: 'timeout', timer: 'handshake' }`. The deadlines of
 * single steps, such as TLS or `sniff`, hold besides; this one bounds their sum, and steps that have none.
 *
 * The end of the handshake has to be marked, or every connection is aborted: put {@link handshakeEnd} into the stack
 * where the work begins, or let a protocol that has a login call {@link handshakeDone} after it.
 *
 * @example
 * stack(handshakeDeadline(5_000), proxyProtocol({ trust }), tls({ cert, key }), handshakeEnd)(app)
 * @throws RangeError if `ms` is not above 0
 */
export function handshakeDeadline(ms: number): Layer {
  if (!(ms > 0)) throw new RangeError(`Cannot wait as the milliseconds must be > 0: ${ms}`);
  return layer({
    kind: 'preamble',
    label: `handshake(${ms})`,
    build(inner, incoming) {
      // Before the inner factory, which may be the one that is done.
      startDeadline(incoming, ms);
      return inner.buildProtocol(incoming);
    },
  });
}

/** Marks the place in a stack where the handshake of {@link handshakeDeadline} is over. Without one it does nothing. */
export const handshakeEnd: Layer = layer({
  kind: 'preamble',
  label: 'ready',
  build(inner, incoming) {
    handshakeDone(incoming);
    return inner.buildProtocol(incoming);
  },
});

/** Says that the handshake is over, as after a login. Harmless when repeated, and without a {@link handshakeDeadline}. */
export function handshakeDone(connection: Pick<Incoming, 'context'>): void {
  connection.context.get(DONE)?.();
}

function startDeadline(incoming: Incoming, ms: number): void {
  const { context, reactor } = incoming;
  const expired = (): void => {
    incoming.abort({ kind: 'timeout', timer: 'handshake', afterMs: ms });
  };
  const timer = waitForInput(reactor.clock, { ms, expired });
  const outer = context.get(DONE);
  context.set(DONE, () => {
    timer.cancel();
    outer?.();
  });
  incoming.onClose(() => timer.cancel());
}
