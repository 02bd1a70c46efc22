import type { CloseReason } from '../../src/contract/close-reason.ts';
import type { Port } from '../../src/contract/port.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import type { Transport } from '../../src/contract/transport.ts';
import type { SimHost } from '../../src/sim/sim-host.ts';
import {
  createSimReactor,
  type Simulation,
  type SimulationOptions,
} from '../../src/sim/simulation.ts';

/** One end of a connection that remembers what it heard. */
export class Ear implements Protocol {
  text = '';
  bytes = 0;
  reason: CloseReason | undefined;
  ended = false;
  drained = 0;
  #transport: Transport | undefined;

  get transport(): Transport {
    if (!this.#transport) throw new Error('Cannot use an end that is not connected');
    return this.#transport;
  }
  get connected(): boolean {
    return this.#transport !== undefined;
  }
  connectionMade(transport: Transport): void {
    this.#transport = transport;
  }
  dataReceived(data: Buffer): void {
    this.bytes += data.length;
    if (this.bytes < 10_000) this.text += data.toString('latin1');
  }
  readEnded(): void {
    this.ended = true;
  }
  writeDrained(): void {
    this.drained += 1;
  }
  connectionLost(reason: CloseReason): void {
    this.reason = reason;
  }
}

/** Two hosts with an open connection on port 7000, driven by hand. */
export interface Conversation {
  readonly sim: Simulation;
  readonly server: SimHost;
  readonly client: SimHost;
  readonly port: Port;
  readonly near: Ear;
  readonly far: Ear;
}

export function startConversation(options: SimulationOptions = {}): Conversation {
  const sim = createSimReactor({ drive: 'manual', link: { latencyMs: 10 }, ...options });
  const [server, client] = sim.hosts('server', 'client');
  const [near, far] = [new Ear(), new Ear()];
  const port = sim.sync.until(server.tcp.listen({ port: 7000 }, () => far));
  sim.sync.until(client.tcp.connect({ host: 'server', port: 7000 }, () => near));
  sim.sync.advance(100);
  return { sim, server, client, port, near, far };
}
