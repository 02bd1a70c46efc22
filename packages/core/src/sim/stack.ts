/**
 * The network stack of one host: who listens, who is connected, which ports are taken. It dies in a crash and comes back
 * empty. Reactors, transports and ports are built on top of it.
 */
import { formatAddress } from '../connection/format-address.ts';
import { ipFamily } from '../connection/ip-literal.ts';
import type { Address, InetAddress } from '../contract/address.ts';
import type { DelayedCall } from '../contract/clock.ts';
import { Deferred } from '../deferred/deferred.ts';
import { Flow, type FlowEnds } from './flow.ts';
import type { Listener } from './listener.ts';
import type { Network } from './network.ts';
import { PortTable } from './port-table.ts';
import type { CallOwner } from './scheduled-call.ts';
import { systemError } from './system-error.ts';
import { TcpEnd, type TcpEndOwner } from './tcp-end.ts';
import { TracedEnds } from './trace.ts';
import type { UdpSocket } from './udp-socket.ts';

/** A half-open connection whose client is gone is forgotten after this. */
const HALF_OPEN_MS = 63_000;

/** Where a client connects to. */
export type Target = { readonly host: string; readonly port: number } | { readonly path: string };

export class Stack {
  readonly name: string;
  readonly network: Network;
  /** The addresses of the host, loopback aside. */
  readonly addresses: readonly string[];
  readonly tcpPorts: PortTable<Listener> = new PortTable<Listener>();
  readonly udpPorts: PortTable<UdpSocket> = new PortTable<UdpSocket>();
  readonly unixPaths: Map<string, Listener> = new Map();
  readonly #ends = new Set<TcpEnd>();
  /** Local ports of the connections made from here. */
  readonly #used = new Set<number>();
  #life: CallOwner;
  #up = true;

  constructor(
    network: Network,
    parts: {
      readonly name: string;
      readonly addresses: readonly string[];
      readonly life: CallOwner;
    },
  ) {
    this.network = network;
    this.name = parts.name;
    this.addresses = parts.addresses;
    this.#life = parts.life;
    for (const address of parts.addresses) network.assign(address, this);
  }

  get up(): boolean {
    return this.#up;
  }
  /** On whose behalf things happen here until the next crash. */
  get life(): CallOwner {
    return this.#life;
  }
  /** Connections, oldest first. */
  get ends(): readonly TcpEnd[] {
    return [...this.#ends];
  }

  /** Everything is gone at once, and nobody is told. */
  crash(): void {
    this.#up = false;
    for (const end of this.#ends) end.vanish();
    this.#ends.clear();
    this.#used.clear();
    this.tcpPorts.clear();
    this.udpPorts.clear();
    this.unixPaths.clear();
  }

  restart(life: CallOwner): void {
    this.#life = life;
    this.#up = true;
  }

  /** Whether `host` is this machine: an address of it, loopback or a wildcard. */
  owns(host: string): boolean {
    return (
      isWildcard(host) || isLoopback(host) || this.addresses.some((address) => address === host)
    );
  }

  /** The address to bind for `host`, a name of this machine included; `undefined` if it has no such address. */
  bindable(host: string | undefined): string | undefined {
    if (host === undefined || host === '') return '::';
    if (host === 'localhost') return '127.0.0.1';
    if (host === this.name) return this.addresses[0];
    return this.owns(host) ? host : undefined;
  }

  /** The address that packets to `host` come from. */
  sourceFor(host: string): string {
    if (isLoopback(host) || this.addresses.includes(host)) return host;
    const family = ipFamily(host);
    return this.addresses.find((each) => ipFamily(each) === family) ?? this.addresses[0] ?? host;
  }

  /** Connects. Cancelling it forgets the attempt. */
  connect(target: Target): Deferred<TcpEnd> {
    const where = 'path' in target ? target.path : `${target.host}:${target.port}`;
    let end: TcpEnd | undefined;
    const connected = new Deferred<TcpEnd>({ canceller: () => end?.reset() });
    const ends = 'path' in target ? unixEnds(target.path) : this.#inetEnds(target);
    const far = 'path' in target ? this : this.#stackOf(target.host);
    const missing = 'path' in target ? this.#missingPath(target.path) : undefined;
    const refused = !this.#up ? 'ENETDOWN' : !ends ? 'EADDRNOTAVAIL' : missing;
    if (refused || !ends) {
      this.later(() => connected.reject(systemError(refused ?? 'EINVAL', 'connect', where)));
      return connected;
    }
    end = this.#makePair(ends, far, {
      established: (ready) => connected.resolve(ready),
      closed: (_, error) => {
        const { code = 'ECONNRESET' }: NodeJS.ErrnoException = error ?? {
          name: '',
          message: '',
        };
        connected.reject(systemError(code, 'connect', where));
      },
    });
    this.#ends.add(end);
    end.connect();
    return connected;
  }

  /** Calls in a later turn, unless the host crashes before. */
  later(call: () => void): void {
    this.network.timeline.inTurn(call, { owner: this.#life, where: `${this.name} network` });
  }

  #makePair(
    { local, peer }: { local: Address; peer: Address },
    far: Stack | undefined,
    hears: Pick<TcpEndOwner, 'established' | 'closed'>,
  ): TcpEnd {
    const { network } = this;
    const id = network.nextConnection();
    const protocol = local.kind === 'unix' ? ('unix' as const) : ('tcp' as const);
    const farStack = far ?? new Stack(network, { ...NOWHERE, life: network.owner });
    if (!far) farStack.crash();
    const resets = protocol === 'tcp';
    const part = { network, id, resets };
    const near = new TcpEnd({
      ...part,
      local,
      peer,
      owner: this.#owner(this.#life, hears),
      random: network.randomFor(`client ${id}`),
    });
    const farEnd: TcpEnd = new TcpEnd({
      ...part,
      local: peer,
      peer: local,
      owner: farStack.#owner(farStack.#life, { established: doNothing, closed: doNothing }),
      random: network.randomFor(`server ${id}`),
    });
    const from = `${this.name}:${portText(local)}`;
    const to = `${far?.name ?? hostText(peer)}:${portText(peer)}`;
    near.join(
      new Flow(network, {
        route: { from: this, to: farStack },
        names: new TracedEnds({ protocol, from, to }),
        ends: { ...bound(farEnd), gaveUp: () => near.gaveUp() },
      }),
    );
    farEnd.join(
      new Flow(network, {
        route: { from: farStack, to: this },
        names: new TracedEnds({ protocol, from: to, to: from }),
        ends: { ...bound(near), gaveUp: () => farEnd.gaveUp() },
      }),
    );
    return near;
  }

  #owner(life: CallOwner, hears: Pick<TcpEndOwner, 'established' | 'closed'>): TcpEndOwner {
    return {
      life,
      established: hears.established,
      closed: (end, error) => {
        this.#ends.delete(end);
        if ('port' in end.local) this.#used.delete(end.local.port);
        hears.closed(end, error);
      },
      admitsSyn: ({ local }) => this.#listenerAt(local)?.hasRoom ?? true,
      synReceived: (end) => this.#synReceived(end),
    };
  }

  #synReceived(end: TcpEnd): void {
    const listener = this.#listenerAt(end.local);
    if (!listener) {
      end.refuse();
      return;
    }
    let givesUp: DelayedCall | undefined;
    this.#ends.add(end);
    listener.begun(end);
    end.accept(
      this.#owner(this.#life, {
        established: () => {
          givesUp?.cancel();
          listener.established(end);
        },
        closed: () => {
          givesUp?.cancel();
          listener.forget(end);
        },
      }),
    );
    givesUp = this.network.timeline.after(HALF_OPEN_MS, () => end.tear('ETIMEDOUT'), {
      owner: this.network.owner,
      where: 'network',
    });
  }

  #listenerAt(local: Address): Listener | undefined {
    if (local.kind === 'unix') return this.unixPaths.get(local.path);
    return 'port' in local ? this.tcpPorts.find(local.host, local.port) : undefined;
  }

  #inetEnds({ host, port }: { host: string; port: number }): EndPair | undefined {
    // Connecting to a wildcard is connecting to oneself.
    const wanted = isWildcard(host) ? (host === '::' ? '::1' : '127.0.0.1') : host;
    const localPort = this.tcpPorts.freePort(this.#used);
    if (localPort === undefined) return undefined;
    this.#used.add(localPort);
    return {
      local: inet('tcp', this.sourceFor(wanted), localPort),
      peer: inet('tcp', wanted, port),
    };
  }

  #stackOf(host: string): Stack | undefined {
    return this.owns(host) ? this : this.network.at(host);
  }

  #missingPath(path: string): string | undefined {
    return this.unixPaths.has(path) ? undefined : 'ENOENT';
  }
}

interface EndPair {
  readonly local: Address;
  readonly peer: Address;
}

/** Where packets go that are for no host: there is nobody to say so. */
const NOWHERE = { name: 'nowhere', addresses: [] } as const;

function unixEnds(path: string): EndPair {
  return { local: { kind: 'unix', path: '' }, peer: { kind: 'unix', path } };
}

function bound(end: TcpEnd): Omit<FlowEnds, 'gaveUp'> {
  return {
    admits: (packet) => end.admits(packet),
    received: (packet) => end.received(packet),
    isGone: () => end.isClosed,
  };
}

function portText(address: Address): string {
  return 'port' in address ? String(address.port) : formatAddress(address);
}

function hostText(address: Address): string {
  return 'host' in address ? address.host : formatAddress(address);
}

function doNothing(): void {}

export function isWildcard(host: string): boolean {
  return host === '::' || host === '0.0.0.0';
}

function isLoopback(host: string): boolean {
  return host === '::1' || host.startsWith('127.');
}

/** An address of the internet kind. */
export function inet(kind: 'tcp' | 'udp', host: string, port: number): InetAddress {
  return { kind, host, port, family: host.includes(':') ? 6 : 4 };
}
