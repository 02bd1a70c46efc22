import { expect, test } from 'vitest';
import { Name, plainNameEnd } from '../../src/name.ts';
import { formatType, parseType, Type } from '../../src/numbers.ts';
import { canonicalRdata } from '../../src/rdata/canonical-rdata.ts';
import { decodeRdata } from '../../src/rdata/decode-rdata.ts';
import { encodeRdata } from '../../src/rdata/encode-rdata.ts';
import { expandRdata, type NameReader } from '../../src/rdata/expand-rdata.ts';
import { checkRdata, type Rdata } from '../../src/rdata/rdata.ts';
import { rdataFromText, rdataToText } from '../../src/rdata/rdata-text.ts';
import { Seeded } from '../seeded.ts';
import { randomText, textTypes } from './random-rdata.ts';

const ROUNDS = 40;
/** A million takes five minutes. */
const MUTATIONS = Number(process.env['HAWSER_MUTATIONS'] ?? 4000);
const origin = Name.parse('example.net');

test('every type with a presentation has a generator', () => {
  const generic = new Set(['NULL', 'ATMA', 'OPT', 'UINFO', 'UID', 'GID', 'UNSPEC']);
  const inZones = Object.entries(Type).filter(([, type]) => type < 128 || type > 255);
  const known = inZones.map(([name]) => name).filter((name) => !generic.has(name));
  expect(textTypes.toSorted()).toEqual(known.toSorted());
});

test.each(textTypes)('%s: text to wire to text to wire', (name) => {
  const type = parseType(name);
  for (let seed = 0; seed < ROUNDS; seed++) {
    const text = randomText(name, new Seeded(seed * 7919 + type));
    const rdata = rdataFromText(type, text);
    expectRoundTrip(type, rdata);
    expect(rdataFromText(type, `(\n${text} ) ; x`).wire).toEqual(rdata.wire);
  }
});

/** Every way from octets to something else and back ends where it began. */
function expectRoundTrip(type: number, rdata: Rdata): void {
  const { wire } = rdata;
  const text = rdataToText(type, rdata);
  const again = rdataFromText(type, text);
  expect(again.wire).toEqual(wire);
  expect(rdataToText(type, again)).toBe(text);
  expect(rdataFromText(type, rdataToText(type, rdata, origin), { origin }).wire).toEqual(wire);
  expect(encodeRdata(type, decodeRdata(type, rdata)).wire).toEqual(wire);
  const place = { bytes: wire, offset: 0, length: wire.length };
  expect(expandRdata(type, place, plainNamesOf(wire))).toEqual(wire);
  const canonical = canonicalRdata(type, rdata);
  expect(canonical.length).toBe(wire.length);
  const folded = checkRdata(type, canonical);
  expect(folded && canonicalRdata(type, folded)).toEqual(canonical);
}

function plainNamesOf(wire: Buffer): NameReader {
  return (at, out) => {
    const end = plainNameEnd(wire, at);
    if (end > 0) out.append(wire.subarray(at, end));
    return end;
  };
}

test('mutated data is refused or keeps every way back; nothing throws', () => {
  const random = new Seeded(1);
  let accepted = 0;
  for (let round = 0; round < MUTATIONS; round++) {
    const type = parseType(random.pick(textTypes));
    const wire = mutate(rdataFromText(type, randomText(formatType(type), random)).wire, random);
    const place = { bytes: wire, offset: 0, length: wire.length };
    expandRdata(type, place, (_at, out) => {
      out.u8(0);
      return random.below(300);
    });
    const rdata = checkRdata(type, wire);
    if (rdata === undefined) continue;
    accepted++;
    expectRoundTrip(type, rdata);
  }
  expect(accepted).toBeGreaterThan(100);
}, 1_800_000);

function mutate(wire: Buffer, random: Seeded): Buffer {
  const mutated = Buffer.from(wire);
  for (let left = random.below(4); left > 0; left--) {
    mutated[random.below(Math.max(1, mutated.length))] = random.below(256);
  }
  if (random.below(3) > 0) return mutated;
  return random.below(2) === 0
    ? mutated.subarray(0, random.below(mutated.length + 1))
    : Buffer.concat([mutated, random.octets(random.below(5))]);
}
