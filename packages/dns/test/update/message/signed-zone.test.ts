// Whatever updates do to a signed zone, it is right in itself afterwards: signatures, chain of NSEC, delegations.
import { createTestReactor, SeededRandom, settle } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { answerWith } from '../../../src/contract/answer.ts';
import { validateZone } from '../../../src/dnssec/validate-zone.ts';
import { zoneSigning } from '../../../src/dnssec/zone-signing.ts';
import { formatRcode, Rcode, Type } from '../../../src/numbers.ts';
import { memory } from '../../../src/store/memory-store.ts';
import { dynamicZone } from '../../../src/store/open-dynamic-zone.ts';
import { updates } from '../../../src/update/message/updates.ts';
import { opt } from '../../build.ts';
import { queryOf, type Sent, updateBytes } from './update-scene.ts';

async function setUp() {
  const reactor = createTestReactor();
  const signing = zoneSigning();
  const zone = await dynamicZone('example.net', { store: memory(), reactor, signing });
  zone.started(reactor);
  const handler = updates(zone, { policy: [{ key: 'tester', names: '*', types: ['*'] }] });
  const send = async (sent: Sent): Promise<number> => {
    const query = queryOf(updateBytes(sent), sent, reactor);
    const answer = query && (await handler.handle(query, () => answerWith(Rcode.NotAuth, {})));
    return answer?.kind === 'answer' ? answer.rcode : -1;
  };
  const problems = (): string[] =>
    validateZone(zone.snapshot, { atSeconds: Math.floor(reactor.clock.epoch() / 1000) });
  return { reactor, zone, send, problems };
}

const names = ['@', 'a', 'b.a', 'c.b.a', '*.a', 'D.A', '*', 'e'];
const additions = [
  'A 192.0.2.1',
  'A 192.0.2.2',
  'TXT "x"',
  'NS ns.example.org.',
  'NS ns.a',
  'DS 1 13 2 00000000000000000000000000000000000000000000000000000000000000ff',
  'CNAME a',
  'DNAME example.org.',
  'DNSKEY 257 3 13 AAAA',
  'CDS 0 0 0 00',
  'CDNSKEY 0 3 0 AA==',
  'NSEC3PARAM 1 0 0 -',
  'SOA ns1 hostmaster 4294967290 7200 900 1209600 60',
];

function changesOf(random: SeededRandom): string[] {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.float() * list.length)] as T;
  return Array.from({ length: 1 + Math.floor(random.float() * 4) }, () => {
    const name = pick(names);
    const record = pick(additions);
    const [type = ''] = record.split(' ');
    const kind = Math.floor(random.float() * 8);
    if (kind === 0) return `delete ${name}`;
    if (kind === 1) return `delete ${name} ${type}`;
    if (kind === 2) return `delete ${name} ${record}`;
    return `add ${name} ${pick([60, 300])} ${record}`;
  });
}

const count = Number(process.env['SIGNED_UPDATES'] ?? 150);

test(
  `${count} random updates leave a signed zone valid`,
  async () => {
    const random = new SeededRandom(count);
    const { reactor, zone, send, problems } = await setUp();
    const codes = new Set<string>();
    for (let round = 0; round < count; round++) {
      const changes = changesOf(random);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      codes.add(formatRcode(await send({ changes })));
      const wrong = problems();
      if (wrong.length > 0) throw new Error(`${changes.join(', ')}: ${wrong.join('; ')}`);
    }
    expect(codes).toContain('NOERROR');
    expect(codes).not.toContain('SERVFAIL');
    expect(zone.serial).toBeGreaterThan(count / 2);
    expect(reactor.reports.problems).toEqual([]);
  },
  30_000 + count * 100,
);

test('a lease that ends takes its record and its signatures with it', async () => {
  const { reactor, zone, send, problems } = await setUp();
  const additionals = [opt({ rdata: Buffer.from('000200040000003c', 'hex') })];
  expect(await send({ changes: ['add new.deep 60 A 192.0.2.9'], additionals })).toBe(Rcode.NoError);
  expect(zone.get('new.deep', 'RRSIG')).toBeDefined();
  reactor.clock.advance(61_000);
  await settle({ turns: 100 });
  expect(
    zone.list({ signer: true }).filter(({ name }) => name.toString().includes('deep')),
  ).toEqual([]);
  expect(problems()).toEqual([]);
});

test.each([
  'add @ 60 DNSKEY 257 3 13 AAAA',
  'add @ 60 CDS 0 0 0 00',
  'delete @ DNSKEY',
  'delete @ CDNSKEY',
  'delete @ NSEC3PARAM 1 0 0 -',
])('%s: keys of a signed zone belong to who signs it: REFUSED', async (line) => {
  const { send, zone } = await setUp();
  const before = zone.snapshot;
  expect(await send({ changes: [line] })).toBe(Rcode.Refused);
  // They stay when everything there is deleted.
  expect(await send({ changes: ['delete @', 'add a 60 A 192.0.2.1'] })).toBe(Rcode.NoError);
  expect(zone.snapshot.apex.get(Type.DNSKEY)?.records).toEqual(
    before.apex.get(Type.DNSKEY)?.records,
  );
});
