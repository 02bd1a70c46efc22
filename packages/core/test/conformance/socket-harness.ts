import type { Capability, ConformanceHarness } from '../../conformance/index.ts';
import type { Clock } from '../../src/contract/clock.ts';
import type { Factory } from '../../src/contract/factory.ts';
import type { Port } from '../../src/contract/port.ts';
import type { Reactor } from '../../src/contract/reactor.ts';
import type { StreamOptions } from '../../src/contract/tcp.ts';
import { createNodeReactor } from '../../src/node/node-reactor.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';
import { calm } from './calm.ts';
import { SocketWrites } from './socket-writes.ts';

/** One kind of socket. */
export interface SocketKind {
  readonly can: ReadonlySet<Capability>;
  /** Real milliseconds without an event that count as quiet; more than any timer of a layer. @defaultValue 4 */
  readonly calmMs?: number | undefined;
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
  Object.assign(reactor, { clock: hastier(reactor.clock) });
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
    quiet: () => calm(kind.calmMs),
    countWrites: (transport) => writes.of(transport),
    async [Symbol.asyncDispose]() {
      writes[Symbol.dispose]();
      await (await port)?.stop();
    },
  };
}

/** How long a connection that closes waits for a peer that does not. */
const LINGER_MS = 2_000;

/** A clock for which that is a quarter as long; everything else takes its time. */
function hastier(clock: Clock): Clock {
  return {
    now: () => clock.now(),
    epoch: () => clock.epoch(),
    callLater: (ms, call) => clock.callLater(ms === LINGER_MS ? ms / 4 : ms, call),
    callSoon: (call) => clock.callSoon(call),
  };
}
