import type { Factory, Incoming } from '../contract/factory.ts';
import type { Transport } from '../contract/transport.ts';
import { toError } from '../errors.ts';

/** What {@link handOver} gives to whom. */
export interface HandOver {
  readonly incoming: Incoming;
  readonly factory: Factory;
  /** Bytes read already that belong to the next protocol. */
  readonly leftover?: Buffer | undefined;
}

/**
 * Lets `factory` build the protocol that takes the transport over. When it refuses or throws, the connection is
 * aborted as if the factory had been the port's own.
 */
export function handOver(transport: Transport, parts: HandOver): void {
  const { incoming, factory, leftover } = parts;
  try {
    const protocol = factory.buildProtocol(incoming);
    if (protocol) transport.handTo(protocol, leftover);
    else
      transport.abort({ kind: 'refused', by: factory.name, why: 'the factory built no protocol' });
  } catch (thrown) {
    const error = toError(thrown);
    transport.reactor.reports.problem(`${factory.name}.buildProtocol`, error);
    transport.abort({ kind: 'protocol', error });
  }
}
