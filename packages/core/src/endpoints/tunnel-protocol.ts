import { ByteQueue } from '../bytes/byte-queue.ts';
import { handOver } from '../connection/hand-over.ts';
import type { DelayedCall } from '../contract/clock.ts';
import type { Factory, Incoming } from '../contract/factory.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Transport } from '../contract/transport.ts';
import { ProtocolError, toError } from '../errors.ts';
import type { TunnelHandshake } from './tunnel-handshake.ts';

/** What a {@link TunnelProtocol} is made of. */
export interface TunnelProtocolParts {
  readonly incoming: Incoming;
  readonly handshake: TunnelHandshake;
  /** Takes the connection over when the tunnel is open. */
  readonly upper: Factory;
  readonly timeoutMs: number;
}

/** Speaks with a proxy, then leaves the connection, socket and all, to the protocol at the other end of the tunnel. */
export class TunnelProtocol implements Protocol {
  readonly #parts: TunnelProtocolParts;
  readonly #received = new ByteQueue();
  #transport: Transport | undefined;
  #deadline: DelayedCall | undefined;

  constructor(parts: TunnelProtocolParts) {
    this.#parts = parts;
  }

  connectionMade(transport: Transport): void {
    const { handshake, timeoutMs } = this.#parts;
    this.#transport = transport;
    this.#deadline = transport.reactor.clock.callLater(timeoutMs, () => {
      transport.abort({ kind: 'timeout', timer: 'handshake', afterMs: timeoutMs });
    });
    transport.write(handshake.start());
  }

  dataReceived(data: Buffer): void {
    const transport = this.#transport;
    if (!transport) return;
    this.#received.push(data);
    try {
      for (;;) {
        const step = this.#parts.handshake.next(this.#received);
        if (step.at === 'more') return;
        if (step.at === 'open') break;
        transport.write(step.data);
      }
    } catch (thrown) {
      this.#fail(toError(thrown));
      return;
    }
    this.#deadline?.cancel();
    const { incoming, upper } = this.#parts;
    handOver(transport, { incoming, factory: upper, leftover: this.#received.takeAll() });
  }

  readEnded(): void {
    this.#fail(new ProtocolError('HAWSER_PROXY', 'the proxy closed the connection'));
  }

  drainRequested(): void {
    this.#transport?.abort({ kind: 'shutdown' });
  }

  connectionLost(): void {
    this.#deadline?.cancel();
  }

  #fail(error: Error): void {
    this.#deadline?.cancel();
    this.#transport?.abort({ kind: 'protocol', error });
  }
}
