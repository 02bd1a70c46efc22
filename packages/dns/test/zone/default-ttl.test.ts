import { createSimReactor } from '@hawser/core';
import { expect, test } from 'vitest';
import { dnsClient } from '../../src/client/dns-client.ts';
import { update } from '../../src/client/update.ts';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { dynamicZone } from '../../src/store/open-dynamic-zone.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { parseRecord } from '../../src/zone-file/parse-record.ts';
import { FakeServer } from '../client/fake-server.ts';

const origin = Name.parse('example.net');

test('what is written once has a TTL of an hour', () => {
  expect(newZone(origin).soa.ttl).toBe(3600);
  expect(parseRecord('www A 192.0.2.1', { origin }).ttl).toBe(3600);
});

test('what changes has the same TTL, whether the zone is changed here or over the network', async () => {
  const sim = createSimReactor();
  const host = sim.host('server');
  const zone = await dynamicZone('example.net', { reactor: host });
  await zone.set('www', 'A', '192.0.2.1');
  expect(zone.snapshot.get(Name.parse('www.example.net'), Type.A)?.ttl).toBe(60);
  const server = await FakeServer.start(host, () => ({}));
  const client = dnsClient({ reactor: sim.host('client') });
  const where = host.addresses[0] ?? '';
  await update(origin, { client, server: where }).add('www', 'A', '192.0.2.1').send();
  expect(server.queries.at(-1)?.query.authority).toMatchObject([{ ttl: 60 }]);
  await client.close();
  await sim[Symbol.asyncDispose]();
});
