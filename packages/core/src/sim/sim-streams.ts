import { toFactory } from '../connection/factory.ts';
import { connectHappily } from '../connection/happy-eyeballs.ts';
import { listenError } from '../connection/listen-error.ts';
import { WireTransport } from '../connection/wire-transport.ts';
import type { Address } from '../contract/address.ts';
import type { Factory, FactoryLike } from '../contract/factory.ts';
import type { Port } from '../contract/port.ts';
import type { Reactor } from '../contract/reactor.ts';
import type {
  StreamOptions,
  Tcp,
  TcpConnectOptions,
  TcpListenOptions,
  Unix,
  UnixConnectOptions,
  UnixListenOptions,
} from '../contract/tcp.ts';
import type { Transport } from '../contract/transport.ts';
import { Deferred } from '../deferred/deferred.ts';
import { fail } from '../deferred/fail.ts';
import { fromPromise } from '../deferred/from-promise.ts';
import { withSignal } from '../deferred/with-signal.ts';
import { ConnectError, HawserError, TimeoutError, toError, UsageError } from '../errors.ts';
import { Listener } from './listener.ts';
import { SimPort } from './sim-port.ts';
import { inet, type Stack } from './stack.ts';
import { systemError } from './system-error.ts';
import type { TcpEnd } from './tcp-end.ts';

const DEFAULT_BACKLOG = 511;
const DEFAULT_CONNECT_TIMEOUT_MS = 30_000;

/** What a listener needs besides its options. */
interface Binding {
  readonly where: string;
  readonly backlog: number;
  readonly options: StreamOptions & Pick<TcpListenOptions, 'keepAliveMs'>;
  /** Takes the address, or throws what the system would say. */
  readonly bind: (listener: (host: string, port: number) => Listener) => {
    address: Address;
    unbind: () => void;
  };
}

/** TCP and Unix sockets of one simulated host. */
export class SimStreams {
  readonly tcp: Tcp;
  readonly unix: Unix;
  readonly #reactor: Reactor;
  readonly #stack: Stack;

  constructor(reactor: Reactor, stack: Stack) {
    this.#reactor = reactor;
    this.#stack = stack;
    this.tcp = {
      listen: (options, factory) => this.#listenTcp(options, factory),
      connect: (options, factory) => this.#connectTcp(options, factory),
    };
    this.unix = {
      listen: (options, factory) => this.#listenUnix(options, factory),
      connect: (options, factory) => this.#connectUnix(options, factory),
    };
  }

  #listenTcp(options: TcpListenOptions, factory: FactoryLike): Deferred<Port> {
    const { host, port: wanted, fd, backlog = DEFAULT_BACKLOG } = options;
    if (fd !== undefined) return this.#noDescriptors();
    const where = `tcp://${bracketed(host ?? '')}:${wanted}`;
    const ports = this.#stack.tcpPorts;
    return this.#listen(toFactory(factory), {
      where,
      backlog,
      options,
      bind: (makeListener) => {
        const address = this.#stack.bindable(host);
        if (!address) throw systemError('EADDRNOTAVAIL', 'listen', where);
        const port = wanted === 0 ? ports.freePort() : wanted;
        if (port === undefined || !ports.isFree({ host: address, port })) {
          throw systemError('EADDRINUSE', 'listen', where);
        }
        const listener = makeListener(address, port);
        ports.add(listener);
        return { address: inet('tcp', address, port), unbind: () => ports.remove(listener) };
      },
    });
  }

  #listenUnix(options: UnixListenOptions, factory: FactoryLike): Deferred<Port> {
    const { path, fd, backlog = DEFAULT_BACKLOG } = options;
    if (fd !== undefined) return this.#noDescriptors();
    const where = `unix:${path}`;
    const paths = this.#stack.unixPaths;
    return this.#listen(toFactory(factory), {
      where,
      backlog,
      options,
      bind: (makeListener) => {
        if (paths.has(path)) throw systemError('EADDRINUSE', 'listen', where);
        paths.set(path, makeListener(path, 0));
        return { address: { kind: 'unix', path }, unbind: () => void paths.delete(path) };
      },
    });
  }

  #listen(factory: Factory, { where, backlog, options, bind }: Binding): Deferred<Port> {
    const reactor = this.#reactor;
    const { life } = this.#stack;
    let unbind: (() => void) | undefined;
    let port: SimPort | undefined;
    const listening = new Deferred<Port>({
      canceller: () => unbind?.(),
      reports: reactor.reports,
      where: 'listen',
    });
    const later = (call: () => void): void => this.#stack.later(call);
    try {
      if (!this.#stack.up) throw systemError('ENETDOWN', 'listen', where);
      let listener: Listener | undefined;
      const bound = bind((host, number) => {
        listener = new Listener({
          host,
          port: number,
          label: factory.name,
          madeAt: this.#stack.network.madeHere('the port'),
          backlog,
          later,
          accept: (end) => port?.accept(end),
        });
        return listener;
      });
      unbind = bound.unbind;
      later(() => {
        if (listening.peek().state !== 'pending' || !listener) return;
        const { address } = bound;
        port = new SimPort({
          reactor,
          address,
          factory,
          options,
          listener,
          life,
          nextId: this.#nextId,
          unbind: bound.unbind,
        });
        listening.resolve(port);
      });
    } catch (thrown) {
      this.#later(() => listening.reject(listenError(where, toError(thrown))));
    }
    return withSignal(listening, options.signal);
  }

  #connectTcp(options: TcpConnectOptions, factory: FactoryLike): Deferred<Transport> {
    const { host, port, timeoutMs } = options;
    const where = `tcp://${bracketed(host)}:${port}`;
    const connecting = connectHappily<TcpEnd>({
      reactor: this.#reactor,
      host,
      where,
      timeoutMs,
      attempt: (address) => this.#stack.connect({ host: address.host, port }),
      discard: (late) => late.reset(),
    });
    return this.#dial(connecting, { where, options, factory: toFactory(factory) });
  }

  #connectUnix(options: UnixConnectOptions, factory: FactoryLike): Deferred<Transport> {
    const { path, timeoutMs = DEFAULT_CONNECT_TIMEOUT_MS } = options;
    const { clock, reports } = this.#reactor;
    const socket = this.#stack.connect({ path }).timeout(timeoutMs, clock);
    return this.#dial(fromPromise(socket, { reports, where: 'connect' }), {
      where: `unix:${path}`,
      options,
      factory: toFactory(factory),
    });
  }

  #dial(
    connecting: Deferred<TcpEnd>,
    parts: {
      readonly where: string;
      readonly options: StreamOptions & Pick<TcpConnectOptions, 'keepAliveMs'>;
      readonly factory: Factory;
    },
  ): Deferred<Transport> {
    const { where, options, factory } = parts;
    const { maxPendingBytes, autoCork, keepAliveMs = 0, signal } = options;
    const failed = (code: ConnectError['code'], why: string, cause?: Error): ConnectError =>
      new ConnectError(code, `Cannot connect to ${where}: ${why}`, { cause });
    const dialled = connecting
      .addErrback((error): TcpEnd => {
        const cause = toError(error);
        if (cause instanceof TimeoutError) {
          throw failed('HAWSER_CONNECT_TIMEOUT', cause.message, cause);
        }
        if (cause instanceof HawserError) throw cause;
        throw failed('HAWSER_CONNECT', cause.message, cause);
      })
      .addCallback((end): Transport => {
        const id = this.#nextId();
        const given = { id, side: 'client', maxPendingBytes, autoCork } as const;
        const transport = new WireTransport(this.#reactor, end, given);
        end.label = factory.name;
        end.keepAlive(keepAliveMs);
        if (transport.adopt(factory)) return transport;
        throw failed('HAWSER_REFUSED', `the factory "${factory.name}" refused the connection`);
      });
    return withSignal(dialled, signal);
  }

  #noDescriptors(): Deferred<Port> {
    const { reports } = this.#reactor;
    const why = 'Cannot adopt a descriptor as a simulated host has none';
    return fail(new UsageError('HAWSER_NOT_AVAILABLE', why), { reports, where: 'listen' });
  }

  /** In a later turn, even on a host that is down. */
  #later(call: () => void): void {
    const { timeline, owner } = this.#stack.network;
    timeline.inTurn(call, { owner, where: 'network' });
  }

  // One count for the whole simulation, so that an id names one end of one connection.
  readonly #nextId = (): number => this.#stack.network.nextId();
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
