// The service: one set of zones at several addresses, over UDP, TCP and TLS.
import {
  CancelledError,
  type DatagramPort,
  type DrainReports,
  formatAddress,
  type InetAddress,
  type Layer,
  ListenError,
  maxConnections,
  type Port,
  type ProxyProtocolOptions,
  perAddress,
  proxyProtocol,
  type Reactor,
  type Service,
  stack,
  type TlsServerOptions,
  tls,
} from '@hawser/core';
import { InFlight } from './drain.ts';
import { usageError } from './errors.ts';
import { checkMaxInFlight, DnsDatagramProtocol } from './server/datagram.ts';
import { type ListenAddress, parseListenAddress } from './server/listen-address.ts';
import { Responder } from './server/responder.ts';
import type { ResponderOptions } from './server/responder-options.ts';
import { dnsStream } from './server/stream.ts';
import type { DnsStreamOptions } from './server/stream-options.ts';
import type { Served } from './server/to-handlers.ts';

/** DNS over TLS (RFC 7858) beside the rest: certificate and key, and where. */
export interface DnsTlsOptions extends TlsServerOptions {
  /** At each address; 0 picks a free one. @defaultValue 853 */
  readonly port?: number | undefined;
}

/** Options for {@link dnsService}. Those of the {@link Responder} count only where it is made from handlers. */
export interface DnsServiceOptions extends DnsStreamOptions, ResponderOptions {
  /** TCP and TLS connections at the same time; more are refused. @defaultValue 1000 */
  readonly maxConnections?: number | undefined;
  /** The same from one network: a /24 of IPv4, a /56 of IPv6. @defaultValue 200 */
  readonly maxConnectionsPerNetwork?: number | undefined;
  /**
   * Queries over UDP that may be waiting for answers of handlers that take time. While there are so many, all are dropped: which
   * ones would not take time nobody knows before. Clients ask again. @defaultValue 16,384
   */
  readonly maxInFlightUdp?: number | undefined;
  /** Serve TLS as well. */
  readonly tls?: DnsTlsOptions | undefined;
  /**
   * Everybody comes through these load balancers, which say by a PROXY header who it is: before each datagram, and at the
   * beginning of each connection.
   */
  readonly proxy?: ProxyProtocolOptions | undefined;
}

/** A running {@link dnsService} tells where it is. */
export interface DnsService extends Service {
  /** The first of {@link addresses}. */
  readonly address: { readonly host: string; readonly port: number } | undefined;
  /** What it is bound to while it runs, in the order they were given: the same host and port for UDP and TCP. */
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  /** Where it serves TLS, in the same order. */
  readonly tlsAddresses: readonly { readonly host: string; readonly port: number }[];
  /** Answers, and counts. */
  readonly responder: Responder;
}

/** Where UDP got a port that TCP could not have, another pair is tried. */
const PAIR_ATTEMPTS = 8;
const DEFAULT_TLS_PORT = 853;

/**
 * Answers with `served` on UDP and TCP at `where`: `":5353"` (all addresses), `"127.0.0.1:53"`, `"[::1]:53"`, or several of
 * them; port 0 picks a port that is free for both. A {@link Responder} may be served by several services, and by other
 * transports. All addresses are bound, or none.
 *
 * On a machine with several addresses name them, as {@link localAddresses} does. Several processes at one port need a socket
 * that was opened for that (`fd` of `reactor.udp.bind`), or a load balancer with `proxy`.
 * @throws UsageError `HAWSER_DNS_OPTIONS` for a bad address or zones that share an origin. Starting fails with ListenError, and with
 * CancelledError if the service is stopped meanwhile.
 *
 * @example
 * await run(dnsService(':5353', await dynamicZone('example.net')));
 */
export function dnsService(
  where: string | readonly string[],
  served: Served | Responder,
  options: DnsServiceOptions = {},
): DnsService {
  const places = (typeof where === 'string' ? [where] : where).map(parseListenAddress);
  if (places.length === 0) {
    throw usageError('HAWSER_DNS_OPTIONS', 'Cannot serve DNS as no address is given');
  }
  const responder = served instanceof Responder ? served : new Responder(served, options);
  return new BoundService(places, responder, options);
}

/** What is bound at one address. */
interface Binding {
  readonly datagrams: DnsDatagramProtocol;
  readonly udp: DatagramPort;
  readonly tcp: Port;
  readonly tls: Port | undefined;
}

interface Running {
  readonly reactor: Reactor;
  readonly inFlight: InFlight;
  readonly bindings: Binding[];
}

class BoundService implements DnsService {
  readonly name = 'dns';
  readonly responder: Responder;
  readonly #places: readonly ListenAddress[];
  readonly #options: DnsServiceOptions;
  readonly #maxInFlightUdp: number;
  readonly #streams: { readonly tcp: StreamFactory; readonly tls: StreamFactory | undefined };
  #running: Running | undefined;

  constructor(places: readonly ListenAddress[], responder: Responder, options: DnsServiceOptions) {
    this.#places = places;
    this.responder = responder;
    this.#options = options;
    this.#maxInFlightUdp = checkMaxInFlight(options.maxInFlightUdp);
    this.#streams = streamFactories(responder, options);
  }

  get address(): { readonly host: string; readonly port: number } | undefined {
    return this.addresses[0];
  }

  get addresses(): readonly InetAddress[] {
    return this.#running?.bindings.map(({ udp }) => udp.address) ?? [];
  }

  get tlsAddresses(): readonly InetAddress[] {
    const bound = this.#running?.bindings.map((binding) => binding.tls?.address) ?? [];
    return bound.filter((address): address is InetAddress => address?.kind === 'tcp');
  }

  async start(reactor: Reactor): Promise<void> {
    if (this.#running !== undefined)
      throw usageError('HAWSER_DNS_OPTIONS', 'Cannot start the DNS service as it runs');
    const { tls: dot } = this.#options;
    if (dot !== undefined) reactor.tls.check(withoutPort(dot));
    const running: Running = { reactor, inFlight: new InFlight(), bindings: [] };
    this.#running = running;
    try {
      await this.responder.start(reactor);
      for (const place of this.#places) {
        this.#checkWanted(running);
        // oxlint-disable-next-line no-await-in-loop -- the ports come in the order of the addresses
        running.bindings.push(await this.#bind(place, running));
      }
      this.#checkWanted(running);
    } catch (error) {
      if (this.#running === running) await this.stop();
      else await unbind(running);
      throw error;
    }
  }

  /** Whoever stops the service while it starts need not wait for the start. */
  #checkWanted(running: Running): void {
    if (this.#running === running) return;
    throw new CancelledError('Cannot start the DNS service: it was stopped');
  }

  async #bind({ host, port }: ListenAddress, { reactor, inFlight }: Running): Promise<Binding> {
    const { responder } = this;
    const proxies = this.#options.proxy?.trust;
    for (let attempt = 1; ; attempt++) {
      const datagrams = new DnsDatagramProtocol({
        responder,
        reports: reactor.reports,
        inFlight,
        maxInFlight: this.#maxInFlightUdp,
        proxies,
      });
      // oxlint-disable-next-line no-await-in-loop -- the pair before must have failed
      const udp = await reactor.udp.bind({ host, port }, datagrams);
      let tcp: Port | undefined;
      try {
        // oxlint-disable-next-line no-await-in-loop
        tcp = await reactor.tcp.listen({ host, port: udp.address.port }, this.#streams.tcp);
        // oxlint-disable-next-line no-await-in-loop
        return { datagrams, udp, tcp, tls: await this.#bindTls(reactor, host) };
      } catch (error) {
        // oxlint-disable-next-line no-await-in-loop
        await Promise.all([udp.stop(), tcp?.stop()]);
        const clash = error instanceof ListenError && error.code === 'HAWSER_ADDRESS_IN_USE';
        if (port !== 0 || tcp !== undefined || !clash || attempt >= PAIR_ATTEMPTS) throw error;
      }
    }
  }

  async #bindTls(reactor: Reactor, host: string | undefined): Promise<Port | undefined> {
    if (this.#streams.tls === undefined) return undefined;
    const { port = DEFAULT_TLS_PORT } = this.#options.tls ?? {};
    return await reactor.tcp.listen({ host, port }, this.#streams.tls);
  }

  async quiesce(): Promise<void> {
    const bindings = this.#running?.bindings ?? [];
    for (const { datagrams } of bindings) datagrams.quiesce();
    await Promise.all(
      bindings.map(async ({ tcp, tls: secure }) => {
        await Promise.all([tcp.quiesce(), secure?.quiesce()]);
      }),
    );
  }

  async drain(deadline: number): Promise<DrainReports> {
    if (this.#running === undefined) return {};
    const { reactor, inFlight, bindings } = this.#running;
    const ports = bindings.flatMap(({ tcp, tls: secure }) => (secure ? [tcp, secure] : [tcp]));
    const [udp, ...streams] = await Promise.all([
      inFlight.drain(deadline, reactor.clock),
      ...ports.map(async (port) => port.drain(deadline)),
    ]);
    const finished = streams.reduce((sum, report) => sum + report.finished, 0);
    const aborted = streams.reduce((sum, report) => sum + report.aborted, 0);
    return { 'dns/udp': udp, 'dns/tcp': { finished, aborted } };
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    await unbind(running);
    await this.responder.stop();
  }

  describe(): readonly string[] {
    const { origins } = this.responder;
    const lines: string[] = [];
    for (const { udp, tcp, tls: secure } of this.#running?.bindings ?? []) {
      lines.push(`${formatAddress(udp.address)} dns: ${origins}`, `${tcp}: ${origins}`);
      if (secure !== undefined) lines.push(`${secure}: ${origins}`);
    }
    return lines;
  }
}

async function unbind({ bindings }: Running): Promise<void> {
  await Promise.all(
    bindings.splice(0).map(async ({ udp, tcp, tls: secure }) => {
      await Promise.all([udp.stop(), tcp.stop(), secure?.stop()]);
    }),
  );
}

function withoutPort({ port: _port, ...options }: DnsTlsOptions): TlsServerOptions {
  return options;
}

type StreamFactory = ReturnType<ReturnType<typeof stack>>;

/** One limit for all connections, encrypted or not. */
function streamFactories(
  responder: Responder,
  options: DnsServiceOptions,
): { readonly tcp: StreamFactory; readonly tls: StreamFactory | undefined } {
  const { maxConnections: limit = 1000, maxConnectionsPerNetwork = 200, proxy } = options;
  const { tls: dot } = options;
  const { crowdedAt = Math.max(1, Math.floor(limit * 0.9)) } = options;
  const common: Layer[] = [
    maxConnections(limit),
    ...(proxy === undefined ? [] : [proxyProtocol(proxy)]),
    perAddress(maxConnectionsPerNetwork, { ipv4Prefix: 24, ipv6Prefix: 56 }),
  ];
  const factory = dnsStream(responder, { ...options, crowdedAt });
  return {
    tcp: stack(...common)(factory),
    tls: dot === undefined ? undefined : stack(...common, tls(withoutPort(dot)))(factory),
  };
}
