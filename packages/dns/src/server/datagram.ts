// DNS over UDP (RFC 1035 §4.2.1): one datagram, one message.
import {
  AddressSet,
  type CloseReason,
  type DatagramPort,
  type DatagramProtocol,
  type InetAddress,
  parseProxyHeader,
  type Reports,
} from '@hawser/core';
import type { InFlight } from '../drain.ts';
import { usageError } from '../errors.ts';
import type { QueryContext } from './query.ts';
import type { Responder } from './responder.ts';

/** What a {@link DnsDatagramProtocol} needs. */
export interface DnsDatagramOptions {
  readonly responder: Pick<Responder, 'respond' | 'counters'>;
  readonly reports: Reports;
  /** Counts queries whose answers take time. */
  readonly inFlight: InFlight;
  /**
   * Queries that may be waiting for answers of handlers that take time. While there are so many, all are dropped: which ones
   * would not take time nobody knows before. Clients ask again. @defaultValue 16,384
   */
  readonly maxInFlight?: number | undefined;
  /**
   * Proxies, as addresses and networks, that put a PROXY header (version 1 or 2) before each message; the client is then
   * whom it names, and the reply goes to the proxy. Whoever else sends is ignored.
   */
  readonly proxies?: AddressSet | readonly string[] | undefined;
}

/** A message, and who sent it. */
interface Received {
  readonly message: Buffer;
  readonly context: QueryContext;
}

/** Answers the datagrams of one port. */
export class DnsDatagramProtocol implements DatagramProtocol {
  readonly #options: DnsDatagramOptions;
  readonly #maxInFlight: number;
  readonly #proxies: AddressSet | undefined;
  #port: DatagramPort | undefined;
  #accepting = true;

  /** @throws UsageError `HAWSER_DNS_OPTIONS` for a `maxInFlight` below 1, RangeError for a bad network in `proxies` */
  constructor(options: DnsDatagramOptions) {
    const { maxInFlight, proxies } = options;
    this.#options = options;
    this.#maxInFlight = checkMaxInFlight(maxInFlight);
    this.#proxies =
      proxies === undefined || proxies instanceof AddressSet ? proxies : new AddressSet(proxies);
  }

  started(port: DatagramPort): void {
    this.#port = port;
  }

  datagramReceived(data: Buffer, from: InetAddress): void {
    const port = this.#port;
    if (!this.#accepting || port === undefined || isLoop(from, port.address)) return;
    if (this.#proxies !== undefined) {
      const received = behindProxy(data, this.#proxies.has(from));
      if (received !== undefined) this.#answer(received.message, received.context, from);
      return;
    }
    this.#answer(data, { transport: 'udp', client: from }, from);
  }

  /** Ignores queries from now on; those being answered are. */
  quiesce(): void {
    this.#accepting = false;
  }

  stopped(_reason: CloseReason): void {
    this.#port = undefined;
  }

  #answer(message: Buffer, context: QueryContext, from: InetAddress): void {
    const { responder, inFlight, reports } = this.#options;
    if (inFlight.count >= this.#maxInFlight) {
      responder.counters.overloaded++;
      return;
    }
    const reply = responder.respond(message, context);
    if (Buffer.isBuffer(reply)) {
      this.#port?.send(reply, from);
      return;
    }
    // Several messages never answer a datagram.
    if (!(reply instanceof Promise)) return;
    inFlight.begin();
    reply
      .then((late) => {
        if (Buffer.isBuffer(late)) this.#port?.send(late, from);
      })
      .catch((error: unknown) => reports.problem('dns.datagram', error))
      .finally(() => inFlight.finish());
  }
}

/**
 * The limit of queries that wait for answers, by default 16,384.
 * @throws UsageError `HAWSER_DNS_OPTIONS`
 */
export function checkMaxInFlight(maxInFlight: number = 16_384): number {
  if (maxInFlight >= 1) return maxInFlight;
  throw usageError(
    'HAWSER_DNS_OPTIONS',
    `Cannot answer datagrams as 1 or more must be allowed to wait: ${maxInFlight}`,
  );
}

/** Nobody asks from port 0, and what comes from ourselves would go round forever. */
function isLoop(from: InetAddress, own: InetAddress): boolean {
  return from.port === 0 || (from.port === own.port && from.host === own.host);
}

/** What stands behind the PROXY header, if the sender is trusted and the header is right. */
function behindProxy(data: Buffer, trusted: boolean): Received | undefined {
  if (!trusted) return undefined;
  try {
    const parsed = parseProxyHeader(data);
    const client = parsed?.header.source;
    // Without a source the proxy asks for itself, to see whether we live: it knows better ways.
    if (parsed === undefined || client === undefined) return undefined;
    const message = data.subarray(parsed.length);
    return { message, context: { transport: 'udp', client } };
  } catch {
    // The fault of a peer: no header, or a wrong one.
    return undefined;
  }
}
