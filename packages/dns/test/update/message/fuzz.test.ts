import { SeededRandom } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { Zone } from '../../../src/zone/zone.ts';
import { opt } from '../../build.ts';
import { origin, type Scene, scene, updateBytes } from './update-scene.ts';

// More by FUZZ_UPDATES=1000000, which takes minutes; other messages, at the same time on another core, by FUZZ_SEED=2.
const count = Number(process.env['FUZZ_UPDATES'] ?? 5_000);
const seed = Number(process.env['FUZZ_SEED'] ?? count);
/** Rounds with one zone: it grows, and to look at all of it costs by its size. */
const ROUNDS = 1000;

const seeds = [
  {
    prerequisites: ['yxdomain www', 'nxrrset www AAAA'],
    changes: ['add new 60 A 192.0.2.9', 'delete www TXT'],
  },
  {
    prerequisites: ['yxrrset www A 192.0.2.1'],
    changes: ['delete www A 192.0.2.1', 'add www 60 A 192.0.2.2'],
  },
  {
    changes: [
      'add @ 60 SOA ns1 hostmaster 4000 7200 900 1209600 60',
      'delete @',
      'delete @ NS ns1',
    ],
  },
  {
    changes: [
      'add alias 60 CNAME mail',
      'add x 60 MX 10 mail',
      'add _s._tcp 60 SRV 1 2 3 mail',
      'add y 60 TXT "a" "b"',
    ],
  },
  {
    changes: [
      'add h 60 HTTPS 1 . alpn=h2',
      'add d 60 DNAME example.org.',
      'delete *.wild',
      'add c 60 CAA 0 issue "x"',
    ],
  },
  {
    changes: ['add new 60 A 192.0.2.9'],
    additionals: [opt({ rdata: Buffer.from('0002000400000e10', 'hex') })],
  },
].map((sent) => updateBytes(sent));

/** Changes a few octets, cuts, appends or repeats. */
function mutate(original: Buffer, random: SeededRandom): Buffer {
  const pick = (limit: number): number => Math.floor(random.float() * limit);
  let bytes = Buffer.from(original);
  for (let left = 1 + pick(3); left > 0; left--) {
    // The header and the zone section are looked at before.
    const offset = pick(8) === 0 ? pick(bytes.length) : 29 + pick(Math.max(1, bytes.length - 29));
    const kind = pick(8);
    if (kind < 6 && offset < bytes.length)
      bytes[offset] = [0, 1, 0xc0, 0xff, 12, 254, 6, pick(256)][pick(8)] ?? 0;
    else if (kind === 6) bytes = Buffer.concat([bytes, random.bytes(pick(30))]);
    else
      bytes = Buffer.concat([bytes.subarray(0, offset), bytes.subarray(pick(bytes.length || 1))]);
  }
  return bytes;
}

test(
  `${count} mutated updates: none throws, and the zone stays a zone`,
  async () => {
    const random = new SeededRandom(seed);
    const start = (): Scene => scene(['www 300 A 192.0.2.1', '*.wild 300 TXT "x"']);
    let { zone, askBytes, reactor } = start();
    const codes = new Map<number, number>();
    const sizes: (readonly [number, number])[] = [];
    const problems: unknown[] = [];
    for (let round = 0; round < count; round++) {
      const bytes = mutate(seeds[round % seeds.length] ?? Buffer.alloc(0), random);
      const before = zone.snapshot;
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { rcode } = await askBytes(bytes, { transport: 'tcp' });
      codes.set(rcode, (codes.get(rcode) ?? 0) + 1);
      if (rcode !== 0 && zone.snapshot !== before)
        throw new Error(`${bytes.toString('hex')} changed the zone`);
      if (round % ROUNDS === ROUNDS - 1) {
        // Made anew of its records, it is the same: nothing is in it that no zone may have. That throws otherwise.
        const again = Zone.of(origin, zone.snapshot.rrsets());
        sizes.push([again.size, zone.snapshot.size], [again.serial, zone.snapshot.serial]);
        problems.push(...reactor.reports.problems);
        ({ zone, askBytes, reactor } = start());
      }
    }
    expect(sizes.filter(([one, other]) => one !== other)).toEqual([]);
    expect(problems).toEqual([]);
    // Some of each: the mutations must reach beyond the reader.
    expect(codes.get(0)).toBeGreaterThan(count / 20);
    expect(codes.get(1)).toBeGreaterThan(count / 20);
    expect(codes.size).toBeGreaterThan(4);
  },
  30_000 + count,
);
