import { createServer, connect as netConnect, type Server } from 'node:net';
import { toFactory } from '../connection/factory.ts';
import type { FactoryLike } from '../contract/factory.ts';
import type { Port } from '../contract/port.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { Tcp, TcpConnectOptions, TcpListenOptions } from '../contract/tcp.ts';
import type { Transport } from '../contract/transport.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { toError } from '../errors.ts';
import { dial } from './dial.ts';
import { listenServer } from './listen-server.ts';
import { inetAddress, tcpEnds } from './socket-address.ts';

/** TCP over `node:net`. */
export class NodeTcp implements Tcp {
  readonly #reactor: Reactor;
  readonly #nextId: () => number;

  constructor(reactor: Reactor, nextId: () => number) {
    this.#reactor = reactor;
    this.#nextId = nextId;
  }

  listen(options: TcpListenOptions, factory: FactoryLike): Deferred<Port> {
    const { host, port, backlog = 511, noDelay = true, keepAliveMs = 0 } = options;
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
      bind: { host, port, backlog },
      address: boundAddress,
      ends: tcpEnds,
    });
  }

  connect(options: TcpConnectOptions, factory: FactoryLike): Deferred<Transport> {
    const { host, port, noDelay = true, keepAliveMs = 0 } = options;
    const { resolver } = this.#reactor;
    return dial({
      reactor: this.#reactor,
      factory: toFactory(factory),
      options,
      nextId: this.#nextId,
      where: `tcp://${host.includes(':') ? `[${host}]` : host}:${port}`,
      ends: tcpEnds,
      open: () =>
        netConnect({
          host,
          port,
          noDelay,
          keepAlive: keepAliveMs > 0,
          keepAliveInitialDelay: keepAliveMs,
          allowHalfOpen: true,
          autoSelectFamily: true,
          lookup(name, lookupOptions, callback) {
            resolver.lookup(name).addBoth((answer) => {
              if (answer.state === 'rejected') {
                callback(toError(answer.error), '', 4);
                return;
              }
              const all = answer.value.map(({ host: address, family }) => ({ address, family }));
              if (lookupOptions.all) callback(null, all);
              else callback(null, all[0]?.address ?? '', all[0]?.family ?? 4);
            });
          },
        }),
    });
  }
}

function boundAddress(server: Server): ReturnType<typeof inetAddress> {
  const bound = server.address();
  // A server that listens on TCP has an address object; a string would be a Unix path.
  if (bound === null || typeof bound === 'string') throw new TypeError('Cannot read the address');
  return inetAddress('tcp', bound.address, bound.port);
}
