import { expect, test } from 'vitest';
import { stack } from '../../../src/connection/stack.ts';
import type { Transport } from '../../../src/contract/transport.ts';
import { maxConnections } from '../../../src/layers/admission/max-connections.ts';
import { type AccessRecord, accessLog } from '../../../src/layers/observer/access-log.ts';
import { proxyProtocol } from '../../../src/layers/preamble/proxy-protocol/layer.ts';
import { sniff } from '../../../src/layers/preamble/sniff.ts';
import { Arrivals, inet } from '../arrive.ts';

const echo = {
  name: 'echo',
  match: { maxBytes: 1, test: () => 'yes' as const },
  buildProtocol() {
    let transport: Transport;
    return {
      connectionMade(given: Transport) {
        transport = given;
      },
      dataReceived: (data: Buffer) => void transport.write(data),
    };
  },
};

test('one record for each connection, when it has ended', async () => {
  const records: AccessRecord[] = [];
  const server = new Arrivals(stack(accessLog((record) => records.push(record)))(echo));
  const connection = server.arrive();
  const { clock } = server.reactor;
  await clock.elapse(1000);
  connection.receive('hello');
  await clock.elapse(500);
  expect(records).toEqual([]);
  connection.receiveEnd();
  await clock.settle();
  expect(records).toEqual([
    {
      id: 1,
      side: 'server',
      peer: inet('192.0.2.1', 40_001),
      realPeer: undefined,
      local: inet('198.51.100.1', 443),
      protocol: 'echo',
      openedAt: Date.UTC(2026, 0, 1),
      durationMs: 1500,
      bytesRead: 5,
      bytesWritten: 5,
      reason: { kind: 'done' },
    },
  ]);
});

test('refused connections are recorded, with who refused them', async () => {
  const records: AccessRecord[] = [];
  const log = accessLog((record) => records.push(record));
  const server = new Arrivals(stack(log, maxConnections(1))(echo));
  server.arrive();
  await server.arrive().settle();
  expect(records).toMatchObject([{ id: 2, reason: { kind: 'refused', by: 'max(1)' } }]);
});

test('behind a proxy it names the client and the proxy, and after sniffing the protocol', async () => {
  const records: AccessRecord[] = [];
  const log = accessLog((record) => records.push(record));
  const factory = stack(log, proxyProtocol({ trust: ['10.0.0.1'] }))(sniff({ echo }));
  const connection = new Arrivals(factory).arrive('10.0.0.1');
  const real = connection.peer;
  connection.receive('PROXY TCP4 192.0.2.9 198.51.100.1 5 443\r\nhi');
  connection.abort();
  await connection.settle();
  expect(records).toMatchObject([
    { peer: inet('192.0.2.9', 5), realPeer: real, protocol: 'echo', reason: { kind: 'aborted' } },
  ]);
});

test('a listener that throws is reported and harms nobody', async () => {
  const log = accessLog(() => {
    throw new Error('disk full');
  });
  const server = new Arrivals(stack(log)(echo));
  const connection = server.arrive();
  connection.abort();
  await connection.settle();
  expect(server.reactor.reports.problems).toMatchObject([{ error: { message: 'disk full' } }]);
});
