// What the signer of a zone maintains is neither shown nor changed.
import { createTestReactor } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { zoneSigning } from '../../../src/dnssec/zone-signing.ts';
import { Type } from '../../../src/numbers.ts';
import { dynamicZone } from '../../../src/store/open-dynamic-zone.ts';
import { asking } from './asking.ts';

async function setUp() {
  const reactor = createTestReactor();
  const zone = await dynamicZone('example.net', { reactor, signing: zoneSigning() });
  await zone.set('www', 'A', '192.0.2.1');
  const ask = asking(zone, reactor);
  return { zone, ask };
}

test('records of the signer are not listed', async () => {
  const { ask } = await setUp();
  const { body } = await ask('GET', '');
  const listed = body.records.map(({ name, type }: Record<string, string>) => `${name} ${type}`);
  expect(listed).toEqual(['example.net NS', 'example.net SOA', 'www.example.net A']);
  expect((await ask('GET', '?name=www&type=RRSIG')).body.records).toEqual([]);
});

test.each(['@/DNSKEY', '@/CDS', '@/CDNSKEY', '@/NSEC', 'www/RRSIG', 'www/NSEC'])(
  '%s is not shown',
  async (path) => {
    const { ask } = await setUp();
    expect((await ask('GET', `/${path}`)).status).toBe(404);
  },
);

test.each([
  ['DELETE', '/@/DNSKEY', undefined],
  ['DELETE', '/www/RRSIG', undefined],
  ['PUT', '/@/CDS', { values: ['0 0 0 00'] }],
  ['PUT', '/www/NSEC', { values: ['example.net. A'] }],
  ['PATCH', '/@/DNSKEY', { add: ['257 3 13 AAAA'] }],
  ['POST', '', { changes: [{ operation: 'delete', name: '@', type: 'NSEC3PARAM' }] }],
])('%s %s is refused, and says why', async (method, path, body) => {
  const { ask, zone } = await setUp();
  const before = zone.snapshot;
  const { status, body: problem } = await ask(method, path, body);
  expect(status).toBe(422);
  expect(problem.detail).toMatch(/belongs to who signs the zone/);
  expect(zone.snapshot).toBe(before);
});

test('all of a name is deleted but for what proves that it is gone', async () => {
  const { ask, zone } = await setUp();
  expect((await ask('DELETE', '/www')).status).toBe(204);
  expect((await ask('DELETE', '/www')).status).toBe(404);
  expect((await ask('DELETE', '/@')).status).toBe(404);
  expect(zone.snapshot.apex.get(Type.DNSKEY)).toBeDefined();
});

test('keys of a zone that nobody signs are records like others', async () => {
  const reactor = createTestReactor();
  const ask = asking(await dynamicZone('example.net', { reactor }), reactor);
  const { status } = await ask('PUT', '/@/DNSKEY', { values: ['257 3 13 AAAA'] });
  expect(status).toBe(201);
});
