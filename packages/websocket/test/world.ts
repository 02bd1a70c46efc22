import { readFileSync } from 'node:fs';
import {
  createNodeReactor,
  type Factory,
  type Port,
  type Protocol,
  type Reactor,
  stack,
  tls,
} from '@hawser/core';
import {
  CollectedReports,
  connectPipe,
  createTestReactor,
  type TestReactor,
} from '@hawser/core/testing';

/** Where a conversation takes place: the same tests run in each. */
export interface World {
  readonly reactor: Reactor;
  readonly reports: CollectedReports;
  readonly scheme: 'http' | 'https';
  /** Connects `client` to a server with `factory`, which is started at the first call. */
  connect<P extends Protocol>(factory: Factory, client: P): Promise<P>;
  /** Lets virtual time pass; in a world with a clock of its own that happens by itself. */
  elapse(ms: number): Promise<void>;
  /** Asks all connections to finish. */
  drain(): void;
  stop(): Promise<void>;
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
    scheme: 'http',
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
export function tcpWorld(): World & { port(factory: Factory): Promise<number> } {
  return socketWorld(
    'http',
    (factory) => factory,
    (client) => client,
  );
}

/** Real sockets with TLS. */
export function tlsWorld(): World & { port(factory: Factory): Promise<number> } {
  const read = (name: string): Buffer => readFileSync(new URL(`fixtures/${name}`, import.meta.url));
  const certificate = { cert: read('localhost-cert.pem'), key: read('localhost-key.pem') };
  return socketWorld('https', stack(tls(certificate)), (upper) => ({
    name: 'tls client',
    buildProtocol: () => ({
      connectionMade: (transport) =>
        void transport.reactor.tls.startClient(transport, { verify: false }, upper),
      dataReceived: () => undefined,
    }),
  }));
}

function socketWorld(
  scheme: World['scheme'],
  serverLayers: (factory: Factory) => Factory,
  clientLayers: (factory: Factory) => Factory,
): World & { port(factory: Factory): Promise<number> } {
  const reports = new CollectedReports();
  const reactor = createNodeReactor({ reports });
  const ports = new Map<Factory, Promise<Port>>();
  const portOf = (factory: Factory): Promise<Port> => {
    const found = ports.get(factory);
    if (found) return found;
    const made = Promise.resolve(
      reactor.tcp.listen({ host: '127.0.0.1', port: 0 }, serverLayers(factory)),
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
    scheme,
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
            reactor.tcp.connect({ host: '127.0.0.1', port: number }, clientLayers(upper)),
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
