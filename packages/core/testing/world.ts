import { stack } from '../src/connection/stack.ts';
import type { Factory } from '../src/contract/factory.ts';
import type { Port } from '../src/contract/port.ts';
import type { Protocol } from '../src/contract/protocol.ts';
import type { Reactor } from '../src/contract/reactor.ts';
import type { TlsServerOptions } from '../src/contract/tls.ts';
import { tls } from '../src/layers/transform/tls.ts';
import { createNodeReactor } from '../src/node/node-reactor.ts';
import { CollectedReports } from './collected-reports.ts';
import { connectPipe } from './pipe.ts';
import { createTestReactor, type TestReactor } from './test-reactor.ts';

/** Where a conversation takes place: the same tests run in each. */
export interface World {
  readonly reactor: Reactor;
  readonly reports: CollectedReports;
  /** Whether there is TLS between the two. */
  readonly secure: boolean;
  /** Connects `client` to a server with `factory`, which is started at the first call. */
  connect<P extends Protocol>(factory: Factory, client: P): Promise<P>;
  /** Lets virtual time pass; in a world with a clock of its own that happens by itself. */
  elapse(ms: number): Promise<void>;
  /** Asks all connections to finish. */
  drain(): void;
  stop(): Promise<void>;
}

/** A world of real sockets, which programs outside of the test can reach as well. */
export interface SocketWorld extends World {
  /** The TCP port where `factory` listens. */
  port(factory: Factory): Promise<number>;
}

/** A world without sockets, on virtual time. */
export function pipeWorld(
  options: { readonly cut?: 'whole' | 'bytes' | number } = {},
): World & { readonly reactor: TestReactor } {
  const reactor = createTestReactor();
  const open = new Set<{ requestDrain(deadline: number): void; abort(): void }>();
  return {
    reactor,
    reports: reactor.reports,
    secure: false,
    async connect(factory, client) {
      const { server } = connectPipe(reactor, factory, () => client, options);
      open.add(server);
      server.onClose(() => void open.delete(server));
      return client;
    },
    elapse: (ms) => reactor.clock.elapse(ms),
    drain() {
      for (const connection of open) connection.requestDrain(reactor.clock.now() + 60_000);
    },
    async stop() {
      for (const connection of open) connection.abort();
      await reactor.clock.settle();
    },
  };
}

/** Real sockets on the loopback interface. */
export function tcpWorld(): SocketWorld {
  return socketWorld({ secure: false, serve: (factory) => factory, connect: (client) => client });
}

/** Real sockets with TLS; the client takes any certificate. */
export function tlsWorld(certificate: TlsServerOptions): SocketWorld {
  return socketWorld({
    secure: true,
    serve: stack(tls(certificate)),
    connect: (upper) => ({
      name: 'tls client',
      buildProtocol: () => ({
        connectionMade: (transport) =>
          void transport.reactor.tls.startClient(transport, { verify: false }, upper),
        dataReceived: () => undefined,
      }),
    }),
  });
}

/** What stands between the sockets and the two ends. */
interface Between {
  readonly secure: boolean;
  readonly serve: (factory: Factory) => Factory;
  readonly connect: (factory: Factory) => Factory;
}

function socketWorld(between: Between): SocketWorld {
  const reports = new CollectedReports();
  const reactor = createNodeReactor({ reports });
  const ports = new Map<Factory, Promise<Port>>();
  const portOf = (factory: Factory): Promise<Port> => {
    const found = ports.get(factory);
    if (found) return found;
    const made = Promise.resolve(
      reactor.tcp.listen({ host: '127.0.0.1', port: 0 }, between.serve(factory)),
    );
    ports.set(factory, made);
    return made;
  };
  const port = async (factory: Factory): Promise<number> => {
    const { address } = await portOf(factory);
    if (address.kind !== 'tcp') throw new Error('not a TCP port');
    return address.port;
  };
  return {
    reactor,
    reports,
    secure: between.secure,
    port,
    async connect(factory, client) {
      await new Promise<void>((made, failed) => {
        const upper: Factory = {
          name: 'client',
          buildProtocol() {
            made();
            return client;
          },
        };
        port(factory)
          .then((number) =>
            reactor.tcp.connect({ host: '127.0.0.1', port: number }, between.connect(upper)),
          )
          .catch(failed);
      });
      return client;
    },
    elapse: async () => undefined,
    drain() {
      for (const each of ports.values()) {
        void each.then((open) => open.drain(reactor.clock.now() + 60_000));
      }
    },
    async stop() {
      for (const each of ports.values()) await (await each).stop();
    },
  };
}
