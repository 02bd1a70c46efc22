import { createServer, connect as netConnect, type Server, type Socket } from 'node:net';
import { toFactory } from '../connection/factory.ts';
import { connectHappily } from '../connection/happy-eyeballs.ts';
import type { FactoryLike } from '../contract/factory.ts';
import type { Port } from '../contract/port.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { Tcp, TcpConnectOptions, TcpListenOptions } from '../contract/tcp.ts';
import type { Transport } from '../contract/transport.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { fail } from '../deferred/fail.ts';
import type { ConnectionBudget } from './connection-budget.ts';
import { dial } from './dial.ts';
import { listenServer } from './listen-server.ts';
import { destroyQuietly, openSocket } from './open-socket.ts';
import { inetAddress, tcpEnds } from './socket-address.ts';

/** TCP over `node:net`. */
export class NodeTcp implements Tcp {
  readonly #reactor: Reactor;
  readonly #nextId: () => number;
  readonly #budget: ConnectionBudget;

  constructor(reactor: Reactor, nextId: () => number, budget: ConnectionBudget) {
    this.#reactor = reactor;
    this.#nextId = nextId;
    this.#budget = budget;
  }

  listen(options: TcpListenOptions, factory: FactoryLike): Deferred<Port> {
    const { host, port, fd, backlog, noDelay = true, keepAliveMs = 0 } = options;
    const server = createServer({
      allowHalfOpen: true,
      noDelay,
      keepAlive: keepAliveMs > 0,
      keepAliveInitialDelay: keepAliveMs,
    });
    return listenServer({
      reactor: this.#reactor,
      server,
      factory: toFactory(factory),
      options,
      nextId: this.#nextId,
      where: `tcp://${host?.includes(':') ? `[${host}]` : (host ?? '')}:${port}`,
      budget: this.#budget,
      bind: { host, port },
      backlog,
      fd,
      kind: 'TCP',
      address: boundAddress,
      ends: tcpEnds,
    });
  }

  connect(options: TcpConnectOptions, factory: FactoryLike): Deferred<Transport> {
    const { host, port, timeoutMs, noDelay = true, keepAliveMs = 0 } = options;
    const where = `tcp://${host.includes(':') ? `[${host}]` : host}:${port}`;
    // Before the race of addresses, which would report it as a failure of each.
    if (this.#budget.full) {
      const { reports } = this.#reactor;
      return fail(this.#budget.connectError(), { reports, where: 'connect' });
    }
    const connecting = connectHappily<Socket>({
      reactor: this.#reactor,
      host,
      where,
      timeoutMs,
      discard: destroyQuietly,
      attempt: (address) =>
        openSocket(
          () =>
            netConnect({
              host: address.host,
              family: address.family,
              port,
              noDelay,
              keepAlive: keepAliveMs > 0,
              keepAliveInitialDelay: keepAliveMs,
              allowHalfOpen: true,
            }),
          this.#budget,
        ),
    });
    return dial({
      reactor: this.#reactor,
      factory: toFactory(factory),
      options,
      nextId: this.#nextId,
      where,
      connecting,
      ends: tcpEnds,
    });
  }
}

function boundAddress(server: Server): ReturnType<typeof inetAddress> {
  const bound = server.address();
  // A server that listens on TCP has an address object; a string would be a Unix path.
  if (bound === null || typeof bound === 'string') throw new TypeError('Cannot read the address');
  return inetAddress('tcp', bound.address, bound.port);
}
