import { beforeEach, expect, test } from 'vitest';
import { BaseProtocol } from '../../src/connection/base-protocol.ts';
import { formatAddress } from '../../src/connection/format-address.ts';
import type { InetAddress } from '../../src/contract/address.ts';
import { createNodeReactor } from '../../src/node/node-reactor.ts';
import { ClientService } from '../../src/services/client-service.ts';
import { serve } from '../../src/services/port-service.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';

const reports = new CollectedReports();
const reactor = createNodeReactor({ reports });

class Silent extends BaseProtocol {
  override dataReceived(): void {}
}

beforeEach(() => {
  reports.problems.length = 0;
});

test('a client comes back when its server does, and leaves when it is stopped', async () => {
  const first = serve('tcp://127.0.0.1:0', () => new Silent());
  await first.start(reactor);
  const address = formatAddress(first.port?.address as InetAddress);
  const client = new ClientService(address, () => new Silent(), {
    initialDelayMs: 1,
    maxDelayMs: 10,
  });
  await client.start(reactor);
  const before = await client.whenConnected();

  await first.stop();
  // It hears of the loss in a later turn.
  while (client.state === 'connected') await new Promise((next) => setImmediate(next));
  await expect(client.whenConnected({ failAfterFailures: 2 })).rejects.toMatchObject({
    code: 'HAWSER_CONNECT',
  });

  const second = serve(address, () => new Silent());
  await second.start(reactor);
  const after = await client.whenConnected();
  expect(after).not.toBe(before);
  await client.stop();
  await second.drain(Number.MAX_SAFE_INTEGER);
  expect(second.port?.connections).toBe(0);
  await second.stop();
  expect(reports.problems).toEqual([]);
});
