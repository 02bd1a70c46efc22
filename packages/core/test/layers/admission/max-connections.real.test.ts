import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { stack } from '../../../src/connection/stack.ts';
import type { Transport } from '../../../src/contract/transport.ts';
import { maxConnections } from '../../../src/layers/admission/max-connections.ts';
import { createNodeReactor } from '../../../src/node/node-reactor.ts';
import { CollectedReports } from '../../../testing/collected-reports.ts';

const greeting = () => ({
  connectionMade: (transport: Transport) => void transport.write(Buffer.from('welcome')),
  dataReceived() {},
});

test('clients above the limit wait for a place, and none is turned away', async () => {
  const reports = new CollectedReports();
  const reactor = createNodeReactor({ reports });
  const limit = maxConnections(2, { policy: 'stop-accepting', resumeAt: 1 });
  const port = await reactor.tcp.listen({ host: '127.0.0.1', port: 0 }, stack(limit)(greeting));
  const number = 'port' in port.address ? port.address.port : 0;
  const clients: Socket[] = [];
  const greeted: number[] = [];
  const dial = async (): Promise<void> => {
    const index = clients.length;
    const client = connect({ host: '127.0.0.1', port: number });
    client.on('error', (error) => expect.fail(String(error)));
    clients.push(client);
    await once(client, 'data');
    greeted.push(index);
  };
  try {
    await Promise.all([dial(), dial()]);
    const waiting = [dial(), dial(), dial()];
    for (const client of clients.slice(2)) await once(client, 'connect');
    expect(port.connections).toBe(2);
    expect(greeted).toHaveLength(2);
    for (let place = 0; place < 3; place++) {
      clients[place]?.destroy();
      await waiting[place];
    }
    expect(new Set(greeted)).toEqual(new Set([0, 1, 2, 3, 4]));
    expect(reports.problems).toEqual([]);
  } finally {
    for (const client of clients) client.destroy();
    await port.stop();
  }
});
