// DNS over UDP (RFC 1035 §4.2.1): one datagram, one message.
import type {
  CloseReason,
  DatagramPort,
  DatagramProtocol,
  InetAddress,
  Reports,
} from '@hawser/core';
import type { InFlight } from '../drain.ts';
import type { Responder } from './responder.ts';

/** What a {@link DnsDatagramProtocol} needs. */
export interface DnsDatagramOptions {
  readonly responder: Pick<Responder, 'respond'>;
  readonly reports: Reports;
  /** Counts queries whose answers take time. */
  readonly inFlight: InFlight;
  /** Queries that may be waiting for answers; more are dropped, and clients ask again. @defaultValue 4096 */
  readonly maxInFlight?: number | undefined;
}

/** Answers the datagrams of one port. */
export class DnsDatagramProtocol implements DatagramProtocol {
  readonly #options: DnsDatagramOptions;
  readonly #maxInFlight: number;
  #port: DatagramPort | undefined;
  #accepting = true;

  constructor(options: DnsDatagramOptions) {
    this.#options = options;
    this.#maxInFlight = options.maxInFlight ?? 4096;
  }

  started(port: DatagramPort): void {
    this.#port = port;
  }

  datagramReceived(data: Buffer, from: InetAddress): void {
    const port = this.#port;
    if (!this.#accepting || port === undefined || isLoop(from, port.address)) return;
    const { responder, inFlight, reports } = this.#options;
    const reply = responder.respond(data, { transport: 'udp', client: from });
    if (Buffer.isBuffer(reply)) {
      port.send(reply, from);
      return;
    }
    // Several messages never answer a datagram.
    if (!(reply instanceof Promise)) return;
    if (inFlight.count >= this.#maxInFlight) return;
    inFlight.begin();
    reply
      .then((late) => {
        if (Buffer.isBuffer(late)) this.#port?.send(late, from);
      })
      .catch((error: unknown) => reports.problem('dns.datagram', error))
      .finally(() => inFlight.finish());
  }

  /** Ignores queries from now on; those being answered are. */
  quiesce(): void {
    this.#accepting = false;
  }

  stopped(_reason: CloseReason): void {
    this.#port = undefined;
  }
}

/** Nobody asks from port 0, and what comes from ourselves would go round forever. */
function isLoop(from: InetAddress, own: InetAddress): boolean {
  return from.port === 0 || (from.port === own.port && from.host === own.host);
}
