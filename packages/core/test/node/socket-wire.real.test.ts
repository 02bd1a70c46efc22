import { Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import type { Transport } from '../../src/contract/transport.ts';
import { createNodeReactor } from '../../src/node/node-reactor.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';

const host = '127.0.0.1';

test('an abort behind an end that waits for megabytes still resets', async () => {
  const reactor = createNodeReactor({ reports: new CollectedReports() });
  const port = await reactor.tcp.listen({ host, port: 0 }, () => ({
    connectionMade: (t) => t.pauseReading(),
    dataReceived() {},
  }));
  const number = 'port' in port.address ? port.address.port : 0;
  const client: Transport = await reactor.tcp.connect({ host, port: number }, () => ({
    dataReceived() {},
  }));
  // The peer cannot tell: node takes a reset behind unread data for an end. So look at what the socket is asked.
  const reset = vi.spyOn(Socket.prototype, 'resetAndDestroy');
  client.write(Buffer.alloc(14_000_000));
  client.end();
  const lost = new Promise((done) => client.onClose(done));
  client.abort();
  expect(await lost).toEqual({ kind: 'aborted', error: undefined });
  expect(reset).toHaveBeenCalledOnce();
  expect(reset.mock.results[0]?.type).toBe('return');
  await port.stop();
});
