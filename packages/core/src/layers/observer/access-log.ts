import { REAL_PEER } from '../../connection/info-keys.ts';
import { layer } from '../../connection/stack.ts';
import type { Address } from '../../contract/address.ts';
import type { CloseReason } from '../../contract/close-reason.ts';
import type { Incoming } from '../../contract/factory.ts';
import type { Layer } from '../../contract/layer.ts';

/** One connection, from its beginning to its end. */
export interface AccessRecord {
  readonly id: number;
  /** Who opened it. */
  readonly side: Incoming['side'];
  readonly peer: Address;
  /** The proxy, where one reported `peer`. */
  readonly realPeer: Address | undefined;
  readonly local: Address;
  /** The protocol that had it last, without the layers. */
  readonly protocol: string;
  /** When it began, in milliseconds since 1970. */
  readonly openedAt: number;
  readonly durationMs: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Why it ended; `describeReason` puts it in words. */
  readonly reason: CloseReason;
}

/**
 * Calls `listener` with one record for each connection when it has ended, refused ones included. Nearest the wire it
 * sees all of them, and counts bytes as they are on the wire.
 *
 * @example stack(accessLog((record) => log.write(`${JSON.stringify(record)}\n`)), ...)(app)
 */
export function accessLog(listener: (record: AccessRecord) => void): Layer {
  return layer({
    kind: 'observer',
    label: 'log',
    build(inner, incoming) {
      const openedAt = incoming.reactor.clock.epoch();
      incoming.onClose((reason) => listener(recordOf(incoming, { openedAt, reason })));
      return inner.buildProtocol(incoming);
    },
  });
}

function recordOf(
  incoming: Incoming,
  { openedAt, reason }: Pick<AccessRecord, 'openedAt' | 'reason'>,
): AccessRecord {
  const { id, side, peer, local, bytesRead, bytesWritten, context, reactor } = incoming;
  return {
    id,
    side,
    peer,
    realPeer: incoming.info(REAL_PEER),
    local,
    protocol: context.label.split(' > ').at(-1) ?? context.label,
    openedAt,
    durationMs: reactor.clock.now() - incoming.openedAt,
    bytesRead,
    bytesWritten,
    reason,
  };
}
