import { expect, test } from 'vitest';
import type { Reactor } from '../../src/contract/reactor.ts';
import type { Deferred } from '../../src/deferred/deferred.ts';
import { createNodeReactor } from '../../src/node/node-reactor.ts';
import { CollectedReports } from '../../src/sim/collected-reports.ts';

// What a reactor was asked for and could not do is reported at the end of the turn, unless somebody listens.

const factory = () => ({ dataReceived: () => undefined });
const datagrams = { datagramReceived: () => undefined };
/** Documentation only (RFC 5737): no machine has it. */
const host = '192.0.2.1';

const operations: readonly [where: string, start: (reactor: Reactor) => Deferred<unknown>][] = [
  ['listen', (reactor) => reactor.tcp.listen({ host, port: 0 }, factory)],
  ['listen', (reactor) => reactor.tcp.listen({ port: 0, fd: 900 }, factory)],
  ['listen', (reactor) => reactor.unix.listen({ path: '/no/such/folder/x' }, factory)],
  ['listen', (reactor) => reactor.unix.listen({ path: '/no/such/file', fd: 900 }, factory)],
  ['connect', (reactor) => reactor.tcp.connect({ host: '127.0.0.1', port: 65_536 }, factory)],
  ['connect', (reactor) => reactor.unix.connect({ path: '/no/such/file' }, factory)],
  ['udp.bind', (reactor) => reactor.udp.bind({ host, port: 0 }, datagrams)],
  ['udp.bind', (reactor) => reactor.udp.bind({ port: 0, fd: 900 }, datagrams)],
  ['spawn', (reactor) => reactor.process.spawn({ command: '/no/such/file' }, { outReceived() {} })],
  ['lookup', (reactor) => reactor.resolver.lookup('')],
  ['lookup', (reactor) => reactor.resolver.lookup('zero\0byte')],
];

test.each(operations)(
  '%s that fails unheard is reported once, with who asked',
  async (where, start) => {
    const reports = new CollectedReports();
    const failing = start(createNodeReactor({ reports }));
    await expect.poll(() => reports.problems.length).toBe(1);
    const { error } = failing.peek() as { readonly error: Error };
    expect(reports.problems).toMatchObject([{ where, error: { cause: error } }]);
    const [problem] = reports.problems;
    expect(String(problem?.error instanceof Error && problem.error.stack)).toContain('unheard');
  },
);

test.each(operations)('%s that fails before an await is not reported', async (_, start) => {
  const reports = new CollectedReports();
  await expect(start(createNodeReactor({ reports }))).rejects.toBeInstanceOf(Error);
  await new Promise((resolve) => setImmediate(resolve));
  expect(reports.problems).toEqual([]);
});
