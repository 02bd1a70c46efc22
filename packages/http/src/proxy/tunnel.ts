import type { CloseReason, Factory, Protocol, Transport } from '@hawser/core';
import type { UpgradedConnection } from '../client/switched-connection.ts';

/**
 * The factory of a protocol that carries bytes between its connection and `server`, as fast as the slower of the two
 * takes them. An end of input is passed on, and a connection that breaks breaks the other.
 */
export function tunnelTo(server: UpgradedConnection): Factory {
  return {
    name: 'tunnel',
    buildProtocol(incoming) {
      const near = new TunnelEnd();
      const far = new TunnelEnd();
      near.join(far);
      far.join(near);
      near.whenMade(() => {
        try {
          server.handTo(far);
        } catch {
          // It has left meanwhile: so does this end.
          incoming.abort();
        }
      });
      incoming.onClose(() => server.abort());
      return near;
    },
  };
}

class TunnelEnd implements Protocol {
  #transport: Transport | undefined;
  #other: TunnelEnd | undefined;
  #made: (() => void) | undefined;

  join(other: TunnelEnd): void {
    this.#other = other;
  }

  whenMade(made: () => void): void {
    this.#made = made;
  }

  connectionMade(transport: Transport): void {
    this.#transport = transport;
    this.#made?.();
  }

  dataReceived(data: Buffer): void {
    if (!this.#other?.take(data)) this.#transport?.pauseReading();
  }

  writeDrained(): void {
    this.#other?.goOn();
  }

  readEnded(): void {
    this.#other?.end();
  }

  drainRequested(): void {
    // What it carries has no goodbye that a tunnel could say.
    this.#transport?.close();
  }

  connectionLost(reason: CloseReason): void {
    this.#other?.leave(reason);
  }

  // --- what the other end asks for ---

  take(data: Buffer): boolean {
    const transport = this.#transport;
    return transport === undefined || transport.ending || transport.write(data);
  }

  goOn(): void {
    this.#transport?.resumeReading();
  }

  end(): void {
    if (!this.#transport?.ending) this.#transport?.end();
  }

  leave(reason: CloseReason): void {
    if (reason.kind === 'done') this.#transport?.close();
    else this.#transport?.abort();
  }
}
