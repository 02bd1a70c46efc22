import { createTestReactor } from '@hawser/core/testing';
import {
  type DnsClient,
  dynamic,
  dynamicZone,
  formatKeyFiles,
  generateKey,
  memory,
  Name,
  onlineSigner,
  parentDsFrom,
  parseKeyFiles,
  validateZone,
  zoneSigning,
} from '@hawser/dns';
import { expect, test } from 'vitest';

// The programs of docs/dns-signing.md.

const client = {
  query: () => Promise.resolve({ answer: [] }),
} as unknown as Pick<DnsClient, 'query'>;
const hosts = new Map([['www', { A: '192.0.2.1' }]]);

test('a stored zone is signed', async () => {
  const store = memory();
  const signing = zoneSigning();
  const zone = await dynamicZone('example.net', { store, signing });
  await zone.set('www', 'A', '192.0.2.1');
  expect(validateZone(zone.snapshot)).toEqual([]);

  const told: unknown[] = [];
  const console = { log: (line: unknown) => told.push(line) };
  for (const ds of signing.ds) console.log(`example.net. IN DS ${ds}`);
  expect(told).toHaveLength(1);

  await signing.rollover();
  expect(signing.keys.map(({ state }) => state)).toEqual(['active', 'published']);
});

test('the algorithm is changed', async () => {
  const signing = zoneSigning();
  await dynamicZone('example.net', { signing });
  await signing.rollover({ algorithm: 'ED25519' });
  expect(signing.keys.map(({ algorithm, state }) => [algorithm, state])).toEqual([
    ['ECDSAP256SHA256', 'active'],
    ['ED25519', 'incoming'],
  ]);
});

test('the parent is watched', async () => {
  const reactor = createTestReactor();
  const store = memory();
  const signing = zoneSigning({
    style: 'ksk-zsk',
    validitySeconds: 30 * 86_400,
    propagationSeconds: 600,
    parentDs: parentDsFrom(client, { servers: ['192.0.2.53'] }),
  });
  const zone = await dynamicZone('example.net', { store, signing, reactor });
  expect(signing.keys.map(({ role }) => role)).toEqual(['ksk', 'zsk']);
  await signing.unsign();
  await signing.parentUpdated();
  expect(zone.get('@', 'CDS')).toHaveLength(1);
});

test('keys come from files', async () => {
  const store = memory();
  const made = formatKeyFiles(Name.parse('example.net'), generateKey());
  const { key } = parseKeyFiles({ key: made.key, private: made.private });
  const signing = zoneSigning({ keys: [key] });
  await dynamicZone('example.net', { store, signing });
  expect(signing.keys[0]?.tag).toBe(key.tag);

  const files = formatKeyFiles(Name.parse('example.net'), key);
  expect(files).toEqual(made);
});

test('a function is signed', () => {
  const key = generateKey('ED25519');
  const answering = dynamic('example.net', { resolve: ({ label }) => hosts.get(label) });
  const zone = onlineSigner(answering, { keys: [key] });
  expect(zone.ds[0]).toContain(`${key.tag} 15 2`);

  const next = generateKey('ED25519');
  zone.setKeys([key, { key: next, state: 'published' }]);
  // An hour later, when nobody knows the old DNSKEY RRset any more:
  zone.setKeys([{ key, state: 'retired' }, next]);
  // When the parent has the new DS, and the old one and what the old key signed have gone from caches:
  zone.setKeys([next]);
});
