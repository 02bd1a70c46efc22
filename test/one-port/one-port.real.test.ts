import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { createNodeReactor, serve } from '@hawser/core';
import { CollectedReports, createTestAuthority } from '@hawser/core/testing';
import { afterAll, expect, test } from 'vitest';
import { type Given, stackOfAll } from './stack-of-all.ts';
import { visitHttp, visitHttps, visitMail, visitSsh } from './visits.ts';

const keys = mkdtempSync(join(tmpdir(), 'hawser-one-port-'));
afterAll(() => rmSync(keys, { recursive: true }));

test('one port serves four protocols behind PROXY, and gives the socket of the system to who wants it', async () => {
  const given: Given[] = [];
  const factory = stackOfAll({
    certificate: createTestAuthority().server('localhost'),
    hostKeys: keys,
    given: (each) => void given.push(each),
  });
  const reports = new CollectedReports();
  const reactor = createNodeReactor({ reports });
  const service = serve('tcp://127.0.0.1:0', factory);
  await service.start(reactor);
  const address = service.port?.address;
  const port = address && 'port' in address ? address.port : 0;
  const door = { reactor, host: '127.0.0.1', port, claims: '203.0.113.7' };

  expect(await visitHttp(door, '/clear')).toBe('/clear\n');
  expect(await visitHttps(door, '/secret')).toBe('/secret\n');
  expect(await visitSsh(door)).toBe(3);
  expect(await visitMail(door)).toEqual(['220 hello 203.0.113.7', '250 hello', '221 bye']);

  expect(given.map(({ protocol, peer }) => `${protocol} ${peer}`)).toEqual([
    'http 203.0.113.7',
    'http 203.0.113.7',
    'ssh 203.0.113.7',
  ]);
  expect(given.map(({ socket }) => socket?.constructor)).toEqual([undefined, undefined, TLSSocket]);
  // What a library reads from the socket is what the header claimed.
  expect(given[2]?.socket?.remoteAddress).toBe('203.0.113.7');
  await service.stop();
  expect(reports.problems).toEqual([]);
});
