// The service: one set of zones on UDP and TCP at the same address.
import {
  type DatagramPort,
  type DrainReports,
  formatAddress,
  ListenError,
  maxConnections,
  type Port,
  type Reactor,
  type Service,
  stack,
} from '@hawser/core';
import { InFlight } from './drain.ts';
import { usageError } from './errors.ts';
import { DnsDatagramProtocol } from './server/datagram.ts';
import { type ListenAddress, parseListenAddress } from './server/listen-address.ts';
import { Responder } from './server/responder.ts';
import { type DnsStreamOptions, dnsStream } from './server/stream.ts';
import type { Served } from './server/to-handlers.ts';

/** Options for {@link dnsService}. */
export interface DnsServiceOptions extends DnsStreamOptions {
  /** Largest UDP reply, in octets. @defaultValue 1232 */
  readonly udpPayloadBytes?: number | undefined;
  /** TCP connections at the same time; more are refused. @defaultValue 1000 */
  readonly maxConnections?: number | undefined;
}

/** A running {@link dnsService} tells where it is. */
export interface DnsService extends Service {
  /** What it is bound to, once started: the same host and port for UDP and TCP. */
  readonly address: { readonly host: string; readonly port: number } | undefined;
}

/** Where UDP got a port that TCP could not have, another pair is tried. */
const PAIR_ATTEMPTS = 8;

/**
 * Answers with `served` on UDP and TCP at `where`: `":5353"` (all addresses), `"127.0.0.1:53"`, `"[::1]:53"`; port 0 picks
 * a port that is free for both. A {@link Responder} may be served by several services, and by other transports.
 * @throws UsageError `HAWSER_DNS_OPTIONS` for a bad address or zones that share an origin. Starting fails with ListenError.
 *
 * @example
 * await run(dnsService(':5353', await dynamicZone('example.net')));
 */
export function dnsService(
  where: string,
  served: Served | Responder,
  options: DnsServiceOptions = {},
): DnsService {
  const { udpPayloadBytes } = options;
  const responder =
    served instanceof Responder ? served : new Responder(served, { udpPayloadBytes });
  return new BoundService(parseListenAddress(where), responder, options);
}

interface Running {
  readonly reactor: Reactor;
  readonly datagrams: DnsDatagramProtocol;
  readonly inFlight: InFlight;
  readonly udp: DatagramPort;
  readonly tcp: Port;
}

class BoundService implements DnsService {
  readonly name = 'dns';
  readonly #where: ListenAddress;
  readonly #responder: Responder;
  readonly #options: DnsServiceOptions;
  #running: Running | undefined;

  constructor(where: ListenAddress, responder: Responder, options: DnsServiceOptions) {
    this.#where = where;
    this.#responder = responder;
    this.#options = options;
  }

  get address(): { readonly host: string; readonly port: number } | undefined {
    return this.#running?.udp.address;
  }

  async start(reactor: Reactor): Promise<void> {
    if (this.#running !== undefined)
      throw usageError('HAWSER_DNS_OPTIONS', 'Cannot start the DNS service as it runs');
    await this.#responder.start(reactor);
    try {
      this.#running = await this.#bind(reactor);
    } catch (error) {
      await this.#responder.stop();
      throw error;
    }
  }

  async #bind(reactor: Reactor): Promise<Running> {
    const responder = this.#responder;
    const { host, port } = this.#where;
    for (let attempt = 1; ; attempt++) {
      const inFlight = new InFlight();
      const datagrams = new DnsDatagramProtocol({ responder, reports: reactor.reports, inFlight });
      // oxlint-disable-next-line no-await-in-loop -- the pair before must have failed
      const udp = await reactor.udp.bind({ host, port }, datagrams);
      try {
        // oxlint-disable-next-line no-await-in-loop
        const tcp = await reactor.tcp.listen(
          { host, port: udp.address.port },
          this.#factory(responder),
        );
        return { reactor, datagrams, inFlight, udp, tcp };
      } catch (error) {
        // oxlint-disable-next-line no-await-in-loop
        await udp.stop();
        const clash = error instanceof ListenError && error.code === 'HAWSER_ADDRESS_IN_USE';
        if (port !== 0 || !clash || attempt >= PAIR_ATTEMPTS) throw error;
      }
    }
  }

  async quiesce(): Promise<void> {
    this.#running?.datagrams.quiesce();
    await this.#running?.tcp.quiesce();
  }

  async drain(deadline: number): Promise<DrainReports> {
    if (this.#running === undefined) return {};
    const { reactor, inFlight, tcp } = this.#running;
    const [udpReport, tcpReport] = await Promise.all([
      inFlight.drain(deadline, reactor.clock),
      tcp.drain(deadline),
    ]);
    return { 'dns/udp': udpReport, 'dns/tcp': tcpReport };
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    await Promise.all([running.udp.stop(), running.tcp.stop()]);
    await this.#responder.stop();
  }

  describe(): readonly string[] {
    if (this.#running === undefined) return [];
    const { udp, tcp } = this.#running;
    const { origins } = this.#responder;
    return [`${formatAddress(udp.address)} dns: ${origins}`, `${tcp}: ${origins}`];
  }

  #factory(responder: Responder): ReturnType<ReturnType<typeof stack>> {
    const { maxConnections: limit = 1000, idleTimeoutMs, maxInFlight } = this.#options;
    return stack(maxConnections(limit))(dnsStream(responder, { idleTimeoutMs, maxInFlight }));
  }
}
