import type { InetAddress } from '../contract/address.ts';
import type { Bound } from './port-table.ts';
import { inet, isWildcard, type Stack } from './stack.ts';
import { TracedEnds } from './trace.ts';

/** Most that fits into one datagram over IPv4: 65,535 less the headers. */
const MAX_DATAGRAM_BYTES = 65_507;

/** A bound UDP socket of a simulated host. */
export class UdpSocket implements Bound {
  readonly host: string;
  readonly port: number;
  readonly madeAt: Error | undefined;
  readonly #stack: Stack;
  readonly #received: (data: Buffer, from: InetAddress) => void;

  constructor(
    stack: Stack,
    parts: Bound & { readonly received: (data: Buffer, from: InetAddress) => void },
  ) {
    this.host = parts.host;
    this.port = parts.port;
    this.#stack = stack;
    this.madeAt = stack.network.madeHere('the port');
    this.#received = parts.received;
  }

  /** Bytes that wait for the bandwidth of the link to `to`. */
  queued(to: InetAddress): number {
    const far = this.#farOf(to.host);
    return far ? this.#stack.network.backlog({ from: this.#stack, to: far }) : 0;
  }

  /** Sends a copy. What is too long, or for nobody, is lost without a word, as in the real network. */
  send(data: Uint8Array, to: InetAddress): void {
    const far = this.#farOf(to.host);
    if (!far || data.length > MAX_DATAGRAM_BYTES || !this.#stack.up) return;
    const copy = Buffer.from(data);
    const wanted = isWildcard(to.host) ? '127.0.0.1' : to.host;
    const source = isWildcard(this.host) ? this.#stack.sourceFor(wanted) : this.host;
    const traced = {
      ends: new TracedEnds({
        protocol: 'udp',
        from: `${this.#stack.name}:${this.port}`,
        to: `${far.name}:${to.port}`,
      }),
      packet: { kind: 'datagram', bytes: copy.length, data: copy } as const,
    };
    this.#stack.network.datagram({ from: this.#stack, to: far }, traced, () => {
      // Twice means two datagrams: each receiver owns its own.
      const from = inet('udp', source, this.port);
      far.udpPorts.find(wanted, to.port)?.receive(Buffer.from(copy), from);
    });
  }

  receive(data: Buffer, from: InetAddress): void {
    // In the turn it arrives: nothing else happens in it.
    if (this.#stack.life.alive) this.#received(data, from);
  }

  #farOf(host: string): Stack | undefined {
    return this.#stack.owns(host) ? this.#stack : this.#stack.network.at(host);
  }
}
