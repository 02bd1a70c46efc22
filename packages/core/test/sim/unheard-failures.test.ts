import { expect, test } from 'vitest';
import type { Reactor } from '../../src/contract/reactor.ts';
import type { Deferred } from '../../src/deferred/deferred.ts';
import { parseServerEndpoint } from '../../src/endpoints/parse-endpoint.ts';
import { createSimReactor } from '../../src/sim/simulation.ts';
import { connect } from '../../src/stream/connect.ts';

// What a reactor was asked for and could not do is reported at the end of the turn, unless somebody listens.

const NOTHING = { dataReceived: () => undefined };
const factory = () => NOTHING;

const operations: readonly [where: string, start: (reactor: Reactor) => Deferred<unknown>][] = [
  ['listen', (reactor) => reactor.tcp.listen({ host: '10.9.9.9', port: 1 }, factory)],
  ['listen', (reactor) => reactor.tcp.listen({ port: 0, fd: 3 }, factory)],
  ['listen', (reactor) => parseServerEndpoint('tcp://10.9.9.9:1').listen(reactor, factory)],
  ['connect', (reactor) => reactor.tcp.connect({ host: '127.0.0.1', port: 1 }, factory)],
  ['connect', (reactor) => reactor.tcp.connect({ host: 'nowhere', port: 1 }, factory)],
  ['connect', (reactor) => reactor.unix.connect({ path: '/none' }, factory)],
  ['connect', (reactor) => connect(reactor, 'tcp://127.0.0.1:1')],
  ['connect', (reactor) => connect(reactor, 'no endpoint')],
  [
    'udp.bind',
    (reactor) => reactor.udp.bind({ host: '10.9.9.9', port: 1 }, { datagramReceived() {} }),
  ],
  ['lookup', (reactor) => reactor.resolver.lookup('nowhere')],
];

test.each(operations)('%s that fails unheard is reported once', async (where, start) => {
  const sim = createSimReactor({ seed: 1, drive: 'manual' });
  const host = sim.host('alone');
  void start(host);
  sim.sync.advance(60_000);
  await turn();
  expect(sim.takeProblems()).toMatchObject([{ where, error: { cause: expect.any(Error) } }]);
});

test.each(operations)('%s that fails before an await is not reported', async (_, start) => {
  const sim = createSimReactor({ seed: 1, drive: 'manual' });
  const failing = start(sim.host('alone'));
  setImmediate(() => sim.sync.advance(60_000));
  await expect(failing).rejects.toBeInstanceOf(Error);
  await turn();
  expect(sim.takeProblems()).toEqual([]);
});

test.each(operations)('%s that is cancelled is not reported', async (_, start) => {
  const sim = createSimReactor({ seed: 1, drive: 'manual' });
  const failing = start(sim.host('alone'));
  const wasPending = failing.peek().state === 'pending';
  failing.cancel();
  sim.sync.advance(60_000);
  await turn();
  expect(sim.takeProblems()).toHaveLength(wasPending ? 0 : 1);
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
