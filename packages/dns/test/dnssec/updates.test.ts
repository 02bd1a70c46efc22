// Zones that are signed, and changed by UPDATE as nsupdate sends it (RFC 2136).
import { createTestReactor } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { validateZone } from '../../src/dnssec/validate-zone.ts';
import { zoneSigning } from '../../src/dnssec/zone-signing.ts';
import { Type } from '../../src/numbers.ts';
import { Responder } from '../../src/server/responder.ts';
import { dynamicZone } from '../../src/store/open-dynamic-zone.ts';
import { updates } from '../../src/update/message/updates.ts';
import { build, type RawRecord } from '../build.ts';
import { Seeded } from '../seeded.ts';

const client = { kind: 'tcp', host: '192.0.2.200', port: 5300, family: 4 } as const;
const ANY = 255;
const REFUSED = 5;

async function setUp() {
  const reactor = createTestReactor();
  const zone = await dynamicZone('example.net', { reactor, signing: zoneSigning() });
  const policy = [{ unsigned: true, names: '*', types: ['*'] }];
  const responder = new Responder(
    [updates(zone, { policy, allowUnsigned: ['192.0.2.0/24'] }), zone],
    { rateLimit: false, cookies: false },
  );
  await responder.start(reactor);
  const update = async (...authorities: RawRecord[]): Promise<number> => {
    const questions = [{ name: 'example.net', type: Type.SOA }];
    const message = build({ flags: 0x2800, questions, authorities });
    const reply = await responder.respond(message, { transport: 'tcp', client });
    if (!Buffer.isBuffer(reply)) throw new Error('there is no reply');
    return (reply[3] ?? 0) & 15;
  };
  return { zone, update };
}

const address = (last: number): Buffer => Buffer.from([192, 0, 2, last]);

test('an UPDATE leaves the zone signed', async () => {
  const { zone, update } = await setUp();
  const random = new Seeded(7);
  for (let step = 0; step < 60; step++) {
    const name = `${random.pick(['a', 'b', 'x.a', '*.b', 'c'])}.example.net`;
    const type = random.pick([Type.A, Type.A, Type.NS]);
    const rdata = type === Type.A ? address(random.below(4)) : Buffer.from('\x02ns\x03org\0');
    const record: RawRecord = random.pick([
      { name, type, ttl: 60, rdata },
      { name, type, ttl: 60, rdata },
      { name, type, class: ANY },
      { name, type: ANY, class: ANY },
    ]);
    expect(await update(record)).toBe(0);
    expect(validateZone(zone.snapshot)).toEqual([]);
  }
});

test('an UPDATE cannot touch what the signer writes', async () => {
  const { zone, update } = await setUp();
  await zone.set('www', 'A', '192.0.2.1');
  const { serial } = zone;
  const name = 'www.example.net';
  for (const type of [Type.RRSIG, Type.NSEC, Type.NSEC3]) {
    await update({ name, type, class: ANY });
    await update({ name, type, ttl: 60, rdata: Buffer.from('\0\0\x01\x02', 'latin1') });
  }
  expect(await update({ name: 'example.net', type: Type.DNSKEY, class: ANY })).toBe(REFUSED);
  await update({ name: 'example.net', type: Type.CDS, class: ANY });
  expect(validateZone(zone.snapshot)).toEqual([]);
  expect(zone.get('@', 'DNSKEY')).toHaveLength(1);
  expect(zone.serial).toBeLessThanOrEqual(serial + 2);
});
