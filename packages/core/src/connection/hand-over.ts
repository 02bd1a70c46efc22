import type { Context } from '../contract/context.ts';
import type { Factory, Incoming } from '../contract/factory.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Transport } from '../contract/transport.ts';
import { ProtocolError, toError } from '../errors.ts';
import { enter, type Guard } from './entry.ts';

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
  const { factory, leftover } = parts;
  transport.context.label = factory.name;
  const protocol = enter(new HandingOver(transport), 'buildProtocol', build, parts);
  if (protocol) transport.handTo(protocol, leftover);
  else transport.abort({ kind: 'refused', by: factory.name, why: 'the factory built no protocol' });
}

class HandingOver implements Guard {
  readonly context: Context;
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.context = transport.context;
    this.#transport = transport;
  }

  failed(callback: string, thrown: unknown): void {
    const error = toError(thrown);
    this.#transport.abort({ kind: 'protocol', error });
    // The peer's fault is quiet, as everywhere.
    if (!(error instanceof ProtocolError)) {
      this.#transport.reactor.reports.problem(`${this.context.label}.${callback}`, error);
    }
  }
}

function build(_: Guard, { factory, incoming }: HandOver): Protocol | undefined {
  return factory.buildProtocol(incoming);
}
