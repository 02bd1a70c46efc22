import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve, simulate } from '@hawser/core';
import { createTestAuthority } from '@hawser/core/testing';
import { afterAll, expect, test } from 'vitest';
import { type Given, stackOfAll } from './stack-of-all.ts';
import { visitHttp, visitHttps, visitMail, visitSsh } from './visits.ts';

const keys = mkdtempSync(join(tmpdir(), 'hawser-one-port-'));
afterAll(() => rmSync(keys, { recursive: true }));

test('one port serves four protocols behind PROXY, on a simulated network', async () => {
  const given: Given[] = [];
  const factory = stackOfAll({
    certificate: createTestAuthority().server('localhost'),
    hostKeys: keys,
    given: (each) => void given.push(each),
  });
  const { result } = await simulate(
    (sim) => {
      const [server, client] = sim.hosts('server', 'client');
      // The client of ssh2 needs the identification of the server in one piece.
      sim.link(server, client, { latencyMs: [5, 30] });
      sim.linkOneWay(server, client, { cut: 'whole' });
      return sim.settled.until(async () => {
        const service = serve('tcp://:443', factory);
        await service.start(server);
        const door = { reactor: client, host: 'server', port: 443, claims: '203.0.113.7' };
        const visits = {
          http: await visitHttp(door, '/clear'),
          https: await visitHttps(door, '/secret'),
          ssh: await visitSsh(door),
          mail: await visitMail(door),
        };
        await service.stop();
        expect(server.reports.problems).toEqual([]);
        return visits;
      });
    },
    { seed: 11, drive: 'manual' },
  );
  expect(result).toEqual({
    http: '/clear\n',
    https: '/secret\n',
    ssh: 3,
    mail: ['220 hello 203.0.113.7', '250 hello', '221 bye'],
  });
  const peer = '203.0.113.7';
  expect(given).toEqual([
    { protocol: 'http', peer },
    { protocol: 'http', peer },
    // TLS over what is no socket runs in node's own, which is one.
    { protocol: 'ssh', peer, socket: expect.anything() },
  ]);
});
