import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import type { Clock } from '../../src/contract/clock.ts';
import type { CloseReason } from '../../src/contract/close-reason.ts';
import type { Reactor } from '../../src/contract/reactor.ts';
import { parseQueues } from '../../src/node/kernel-queue.ts';
import { createNodeReactor } from '../../src/node/node-reactor.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';

const host = '127.0.0.1';
const SPEED = 10;
/** The kernel takes about 4 MB before it asks the peer; the rest waits in this process. */
const BYTES = 6_500_000;

/** Real sockets, on a clock that is ten times too fast. */
function hastyReactor(): Reactor {
  const reactor = createNodeReactor({ reports: new CollectedReports() });
  const { clock } = reactor;
  const hasty: Clock = {
    now: () => clock.now() * SPEED,
    epoch: () => clock.epoch(),
    callLater: (ms, call) => clock.callLater(ms / SPEED, call),
    callSoon: (call) => clock.callSoon(call),
  };
  return Object.assign(reactor, { clock: hasty });
}

/** A connection on which everything was written at once. */
async function flooded(): Promise<{
  readonly client: Socket;
  readonly lost: Promise<CloseReason>;
  readonly stop: () => PromiseLike<void>;
}> {
  const reactor = hastyReactor();
  let heard: (reason: CloseReason) => void = () => undefined;
  const lost = new Promise<CloseReason>((done) => {
    heard = done;
  });
  const port = await reactor.tcp.listen({ host, port: 0 }, () => ({
    connectionMade(transport) {
      transport.write(Buffer.alloc(BYTES));
      transport.end();
    },
    dataReceived: () => undefined,
    connectionLost: (reason) => heard(reason),
  }));
  const client = connect({ host, port: 'port' in port.address ? port.address.port : 0 });
  client.pause();
  await once(client, 'connect');
  return { client, lost, stop: () => port.stop() };
}

test('a peer that reads nothing is reset', async () => {
  const { client, lost, stop } = await flooded();
  expect(await lost).toEqual({ kind: 'timeout', timer: 'write', afterMs: 10_000 });
  client.destroy();
  await stop();
});

test('a slow but steady reader gets everything, though the kernel asks us seldom', async () => {
  const { client, lost, stop } = await flooded();
  let bytes = 0;
  client.on('data', (data) => {
    bytes += data.length;
    client.pause();
    setTimeout(() => client.resume(), 60);
  });
  client.resume();
  await once(client, 'end');
  expect(bytes).toBe(BYTES);
  expect(await lost).toEqual({ kind: 'done' });
  await stop();
});

test('the queue of a socket is found in the tables of the kernel by its inode', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:0035 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0',
    '   1: 0100007F:1F90 0100007F:C350 01 0003D090:00000000 01:00000014 00000000  1000        0 4712 3 0 20 4 30 10 -1',
    '',
  ].join('\n');
  expect([...parseQueues(table)]).toEqual([
    [4711, 0],
    [4712, 250_000],
  ]);
  expect(parseQueues('').size).toBe(0);
  // As the kernel of this machine writes it.
  expect(readFileSync('/proc/net/tcp', 'latin1')).toMatch(/^ +sl +local_address .*tx_queue/);
});
