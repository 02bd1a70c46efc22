import { layer } from '../../connection/stack.ts';
import type { Layer } from '../../contract/layer.ts';

/**
 * Refuses connections above `limit`, with a reset. Those still in a handshake or being recognised count. One value
 * used in several stacks is one limit for all of them.
 */
export function maxConnections(limit: number): Layer {
  if (!Number.isInteger(limit) || limit < 1) {
    throw new RangeError(
      `Cannot limit connections as the limit must be a whole number > 0: ${limit}`,
    );
  }
  let open = 0;
  const label = `max(${limit})`;
  return layer({
    kind: 'admission',
    label,
    build(inner, incoming) {
      if (open >= limit) {
        incoming.abort({ kind: 'refused', by: label, why: `${open} connections are open` });
        return undefined;
      }
      open += 1;
      incoming.onClose(() => {
        open -= 1;
      });
      return inner.buildProtocol(incoming);
    },
  });
}
