import type { Capability, ConformanceHarness } from '../../conformance/index.ts';
import type { Factory } from '../../src/contract/factory.ts';
import type { Port } from '../../src/contract/port.ts';
import type { Reactor } from '../../src/contract/reactor.ts';
import type { StreamOptions } from '../../src/contract/tcp.ts';
import { createNodeReactor } from '../../src/node/node-reactor.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';
import { SocketWrites } from './socket-writes.ts';

/** One kind of socket. */
export interface SocketKind {
  readonly can: ReadonlySet<Capability>;
  listen(reactor: Reactor, factory: Factory, options: StreamOptions): PromiseLike<Port>;
  connect(reactor: Reactor, port: Port, parts: ConnectParts): PromiseLike<unknown>;
}

export interface ConnectParts {
  readonly factory: Factory;
  readonly options: StreamOptions;
}

/** Real sockets. The first connection opens the port, with its options. */
export function socketHarness(kind: SocketKind): ConformanceHarness & AsyncDisposable {
  const reports = new CollectedReports();
  const reactor = createNodeReactor({ reports });
  const writes = new SocketWrites();
  const expected: Factory[] = [];
  const server: Factory = {
    name: 'port',
    buildProtocol: (incoming) => expected.shift()?.buildProtocol(incoming),
  };
  let port: PromiseLike<Port> | undefined;
  return {
    can: kind.can,
    // The port is the same for all cases, so its name says nothing.
    get problems() {
      return reports.problems.map(({ where, error }) => ({
        where: where.replace(/^.*port\./, 'server.'),
        error,
      }));
    },
    async connect(factory, client, options = {}) {
      expected.push(factory);
      port ??= kind.listen(reactor, server, options);
      return kind.connect(reactor, await port, { factory: client, options });
    },
    wait: (answer) => answer,
    // Nothing tells that the kernel has nothing more to say, but on loopback it says it within this time.
    quiet: () => new Promise((done) => setTimeout(done, 25)),
    countWrites: (transport) => writes.of(transport),
    async [Symbol.asyncDispose]() {
      writes[Symbol.dispose]();
      await (await port)?.stop();
    },
  };
}
