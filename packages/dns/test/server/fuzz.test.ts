import { createTestReactor, SeededRandom } from '@hawser/core/testing';
import * as packet from 'dns-packet';
import { expect, test } from 'vitest';
import { nameAt, readMessage, recordsOf } from '../../src/message/reader.ts';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { tsigKey } from '../../src/tsig/key.ts';
import { signTsigRequest } from '../../src/tsig/sign.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { createRRset } from '../../src/zone/rrset.ts';
import { Zone } from '../../src/zone/zone.ts';
import { build, opt, query } from '../build.ts';
import { readReply } from '../read-reply.ts';
import { responderFor } from './responder-for.ts';

const origin = Name.parse('example.net');
const at = (name: string, type: number, ...values: string[]) =>
  createRRset(Name.parse(`${name}.example.net`), type, { ttl: 60, values });
const zone = Zone.of(origin, [
  ...newZone(origin).rrsets(),
  at('www', Type.A, '192.0.2.1'),
  at('alias', Type.CNAME, 'www.example.net'),
  at('*.wild', Type.TXT, 'x'),
  at('sub', Type.NS, 'ns.sub.example.net'),
  at('ns.sub', Type.A, '192.0.2.2'),
  at('old', Type.DNAME, 'wild.example.net'),
]);
const key = tsigKey('k', 'hmac-sha256', Buffer.alloc(32, 7));
const signed = (message: Buffer): Buffer =>
  signTsigRequest(message, { key, nowSeconds: createTestReactor().clock.epoch() / 1000 }).bytes;
const seeds = [
  query('www.example.net'),
  query('alias.example.net', 255, {
    additionals: [opt({ rdata: Buffer.from('000a00080102030405060708', 'hex') })],
  }),
  query('a.wild.example.net', 16, { additionals: [opt({ dnssecOk: true })] }),
  query('x.sub.example.net', 1, { authorities: [{ type: 6, rdata: Buffer.alloc(22) }] }),
  query('a.b.old.example.net', 5),
  build({
    flags: 0x2800,
    questions: [{ type: 6 }],
    answers: [{ type: 1, class: 254, rdata: Buffer.from([192, 0, 2, 1]) }],
  }),
  query('example.net', 250, { additionals: [{ type: 250, class: 255, rdata: Buffer.alloc(40) }] }),
  query('www.example.net', 1, {
    additionals: [opt({ rdata: Buffer.from('00030000000b0000000c0003000000', 'hex') })],
  }),
  signed(query('www.example.net')),
  signed(build({ flags: 0x2800, questions: [{ type: 6 }] })),
  query('id.server', 16, { class: 3 }),
];

/** Changes a few octets, cuts, appends or repeats. */
function mutate(seed: Buffer, random: SeededRandom): Buffer {
  const pick = (limit: number): number => Math.floor(random.float() * limit);
  let bytes = Buffer.from(seed);
  for (let left = 1 + pick(4); left > 0; left--) {
    const offset = pick(bytes.length);
    const kind = pick(6);
    if (kind < 3 && bytes.length > 0)
      bytes[offset] = [0, 1, 0xc0, 0xff, 12, pick(256)][pick(6)] ?? 0;
    else if (kind === 3) bytes = bytes.subarray(0, offset);
    else if (kind === 4) bytes = Buffer.concat([bytes, random.bytes(pick(30))]);
    else
      bytes = Buffer.concat([bytes.subarray(0, offset), bytes.subarray(pick(bytes.length || 1))]);
  }
  return bytes;
}

test('20,000 mutated packets: no exception, every reply well-formed, small, and readable by others', () => {
  const random = new SeededRandom(20_000);
  const options = { rateLimit: false, serverId: 'a', keys: [key] } as const;
  const responder = responderFor([zone], options);
  const transports = ['udp', 'tcp', 'tls', 'https'] as const;
  const rcodes = new Set<number>();
  for (let round = 0; round < 20_000; round++) {
    const bytes = mutate(seeds[round % seeds.length] ?? Buffer.alloc(0), random);
    const reply = responder.answer(bytes, transports[round & 3]);
    if (reply === undefined) continue;
    const seen = readReply(reply);
    rcodes.add(seen.rcode);
    expect(seen.id).toBe(bytes.readUInt16BE(0));
    expect(seen.flags & 0x8000).toBe(0x8000);
    expect(reply.length).toBeLessThanOrEqual(1232);
    const decoded = packet.decode(reply);
    expect(decoded.answers).toHaveLength(seen.counts[1] ?? -1);
  }
  expect(responder.reports.problems).toEqual([]);
  expect([...rcodes].sort((one, other) => one - other)).toEqual(
    expect.arrayContaining([0, 1, 3, 4, 5, 9, 16]),
  );
});

test('names in mutated packets are read within the budget or not at all', () => {
  const random = new SeededRandom(7);
  const reply = responderFor([zone]).answer(query('alias.example.net')) ?? Buffer.alloc(0);
  let read = 0;
  for (let round = 0; round < 5000; round++) {
    const reading = readMessage(mutate(reply, random));
    if (!reading.ok) continue;
    for (const view of recordsOf(reading.message)) {
      expect(view.rdataOffset + view.rdataLength).toBeLessThanOrEqual(reading.message.bytes.length);
      if (nameAt(reading.message, view.nameOffset) !== undefined) read++;
    }
  }
  expect(read).toBeGreaterThan(100);
});
