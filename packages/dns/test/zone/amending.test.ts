// What is made of a change in two goes is what would be made of it in one.
import { expect, test } from 'vitest';
import { atOnce } from '../../src/in-turns.ts';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { createRRset, type RRset } from '../../src/zone/rrset.ts';
import { serialOf, withSerial } from '../../src/zone/soa-serial.ts';
import type { Edit, Zone, ZoneStep } from '../../src/zone/zone.ts';
import { randomEdits } from '../dnssec/random-changes.ts';
import { Seeded } from '../seeded.ts';

const origin = Name.parse('example.net');

function address(label: string, value: string | undefined): Edit {
  const name = Name.parse(label).concat(origin);
  const rrset = value && createRRset(name, Type.A, { ttl: 60, values: [value] });
  return { name, type: Type.A, rrset: rrset || undefined };
}

function soa(rrset: RRset): Edit {
  return { name: origin, type: Type.SOA, rrset };
}

function amend(zone: Zone, edits: readonly Edit[], more: readonly Edit[]): ZoneStep {
  const step = zone.change(edits);
  if (step === undefined) throw new TypeError('nothing changes');
  return atOnce(zone.amending(step, more));
}

function shown(rrset: RRset | undefined): unknown {
  return (
    rrset && [
      rrset.ttl,
      rrset.records
        .map(({ wire }) => wire.toString('hex'))
        .toSorted((one, other) => (one < other ? -1 : 1)),
    ]
  );
}

/** All that a zone holds, with the names that hold nothing. */
function contentOf(zone: Zone): unknown {
  return [...zone.ordered()].map(({ key, list, children }) => [
    key,
    children,
    new Map(list.map((rrset) => [rrset.type, shown(rrset)])),
  ]);
}

function changesOf({ changeSet }: ZoneStep): unknown {
  const { from, to, changes } = changeSet;
  const list = changes.map((each) => [
    `${each.name.key}/${each.type}`,
    shown(each.before),
    shown(each.after),
  ]);
  return [from, to, list.length, new Map(list as [string, unknown][])];
}

/** Undefined if the zone would not be one. */
function tried<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

test('two goes lead to the same zone as one, by the same changes', () => {
  const random = new Seeded(11);
  let zone = newZone(origin);
  void zone.ordered().next();
  let amended = 0;
  for (let round = 0; round < 300; round++) {
    const edits = randomEdits(random, zone);
    const step = tried(() => zone.change(edits));
    if (step === undefined) continue;
    const more = randomEdits(random, step.zone);
    const inOne = tried(() => zone.change([...edits, soa(step.zone.soa), ...more]));
    const inTwo = tried(() => atOnce(zone.amending(step, more)));
    expect(inTwo && contentOf(inTwo.zone)).toEqual(inOne && contentOf(inOne.zone));
    expect(inTwo && changesOf(inTwo)).toEqual(inOne && changesOf(inOne));
    if (inTwo !== undefined && inTwo !== step) amended++;
    zone = inTwo?.zone ?? zone;
  }
  expect(amended).toBeGreaterThan(150);
});

test('what is undone is no change, but for the serial', () => {
  const zone = newZone(origin);
  const { changeSet } = amend(zone, [address('a', '192.0.2.1')], [address('a', undefined)]);
  expect(changeSet.changes.map(({ type }) => type)).toEqual([Type.SOA]);
  expect(changeSet.to).toBe(zone.serial + 1);
});

test('the serial stays, or is the one that is set, which may be before that of the first go', () => {
  const zone = newZone(origin).change([soa(withSerial(newZone(origin).soa, 10))])?.zone;
  if (zone === undefined) throw new TypeError('the serial is 10');
  const edits = [address('a', '192.0.2.1'), soa(withSerial(zone.soa, 20))];
  const serialAfter = (more: readonly Edit[]) => serialOf(amend(zone, edits, more).zone.soa);
  expect(serialAfter([address('b', '192.0.2.1')])).toBe(20);
  expect(serialAfter([soa(withSerial(zone.soa, 15))])).toBe(15);
  expect(serialAfter([soa(withSerial(zone.soa, 10))])).toBe(20);
  expect(serialAfter([soa(withSerial(zone.soa, 9))])).toBe(20);
});

test('nothing more to change leaves the step as it is', () => {
  const zone = newZone(origin);
  const step = zone.change([address('a', '192.0.2.1')]);
  if (step === undefined) throw new TypeError('a name is added');
  expect(atOnce(zone.amending(step, []))).toBe(step);
  expect(atOnce(zone.amending(step, [address('a', '192.0.2.1')]))).toBe(step);
});

test('a zone is not left without its SOA, nor with two', () => {
  const zone = newZone(origin);
  const edits = [address('a', '192.0.2.1')];
  const two = { ...zone.soa, records: [zone.soa.records[0], withSerial(zone.soa, 7).records[0]] };
  const refused = expect.objectContaining({ code: 'HAWSER_DNS_ZONE' });
  expect(() => amend(zone, edits, [soa(two as RRset)])).toThrow(refused);
  expect(() => amend(zone, edits, [{ ...soa(zone.soa), rrset: undefined }])).toThrow(refused);
});
