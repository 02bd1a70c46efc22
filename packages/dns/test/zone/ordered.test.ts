import { SeededRandom } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import { parseType, Type } from '../../src/numbers.ts';
import { rdataFromText } from '../../src/rdata/rdata-text.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { createRRset } from '../../src/zone/rrset.ts';
import { type Edit, Zone } from '../../src/zone/zone.ts';

const origin = Name.parse('example.net');
const rrsetOf = (name: Name) => createRRset(name, Type.A, { ttl: 60, values: ['192.0.2.1'] });

/** A name of one to three labels, with octets that are hard to sort among them. */
function randomName(random: SeededRandom): Name {
  const octets = [0, 1, 2, 0x20, 0x2d, 0x2e, 0x41, 0x61, 0x62, 0x7a, 0xff];
  const pick = (limit: number): number => Math.floor(random.float() * limit);
  const labels = Array.from({ length: 1 + pick(3) }, () =>
    Buffer.from(Array.from({ length: 1 + pick(3) }, () => octets[pick(octets.length)] ?? 0)),
  );
  return Name.fromLabels([...labels, ...origin.labels()]);
}

/** Keys in the order of RFC 4034 §6.1, found another way. */
function sorted(zone: Zone): string[] {
  const names = new Map<string, Name>();
  for (const { name } of zone.rrsets()) {
    for (let at: Name | undefined = name; at?.isSubdomainOf(origin); at = at.parent())
      names.set(at.key, at);
  }
  return [...names.values()]
    .map((name) => ({ key: name.key, sortKey: name.sortKey() }))
    .sort((one, other) => Buffer.compare(one.sortKey, other.sortKey))
    .map(({ key }) => key);
}

describe('the canonical order', () => {
  test('is that of RFC 4034 §6.1', () => {
    const names = ['a', 'yljkjljk.a', 'Z.a', 'zABC.a', 'z', '\\001.z', '*.z', '\\200.z'];
    const zone = Zone.of(origin, [
      ...newZone(origin).rrsets(),
      ...names.toReversed().map((text) => rrsetOf(Name.parse(`${text}.example.net`))),
    ]);
    expect([...zone.ordered()].map(({ name }) => name.relativeTo(origin))).toEqual(['@', ...names]);
  });

  test('stays right through 3,000 changes, asked for before or after them', () => {
    const random = new SeededRandom(5);
    let zone = newZone(origin);
    let lazy = zone;
    expect([...zone.ordered()]).toHaveLength(1);
    for (let round = 0; round < 3000; round++) {
      const name = randomName(random);
      const rrset = random.float() < 0.4 ? undefined : rrsetOf(name);
      const edits = [{ name, type: Type.A, rrset }];
      zone = zone.change(edits)?.zone ?? zone;
      lazy = lazy.change(edits)?.zone ?? lazy;
      if (round % 500 !== 0) continue;
      expect([...zone.ordered()].map(({ key }) => key)).toEqual(sorted(zone));
    }
    const keys = sorted(zone);
    expect([...zone.ordered()].map(({ key }) => key)).toEqual(keys);
    expect([...lazy.ordered()].map(({ key }) => key)).toEqual(keys);
    expect(zone.size).toBe(keys.length);
  });

  test('has neighbours of names that are there and of those that are not', () => {
    const random = new SeededRandom(6);
    const names = Array.from({ length: 2000 }, () => randomName(random));
    const zone = Zone.of(origin, [...newZone(origin).rrsets(), ...names.map(rrsetOf)]);
    const keys = sorted(zone);
    for (const [index, key] of keys.entries()) {
      const { previous, next } = zone.neighbours(key);
      expect([previous.key, next.key]).toEqual([
        keys.at(index - 1),
        keys[(index + 1) % keys.length],
      ]);
    }
    for (let round = 0; round < 50; round++) {
      const name = randomName(random);
      const { previous, next } = zone.neighbours(name.key);
      const order = [previous.key, name.key, next.key];
      const byOrder = [...new Set([...keys, name.key])]
        .map((key) => Name.fromOctets(key))
        .sort((one, other) => Buffer.compare(one.sortKey(), other.sortKey()))
        .map(({ key }) => key);
      const at = byOrder.indexOf(name.key);
      const around = [byOrder.at(at - 1), name.key, byOrder[(at + 1) % byOrder.length]];
      expect(order).toEqual(around);
    }
  });

  test('is walked back from names that are there and from those that are not', () => {
    const random = new SeededRandom(7);
    const names = Array.from({ length: 2000 }, () => randomName(random));
    const zone = Zone.of(origin, [...newZone(origin).rrsets(), ...names.map(rrsetOf)]);
    const keys = sorted(zone);
    const others = Array.from({ length: 100 }, () => randomName(random).key);
    for (const key of [...keys.slice(0, 100), ...others, keys.at(-1) ?? '']) {
      const order = [...new Set([...keys, key])]
        .map((each) => Name.fromOctets(each))
        .sort((one, other) => Buffer.compare(one.sortKey(), other.sortKey()));
      const end = order.findIndex((name) => name.key === key);
      const expected = order.slice(0, end).map((name, at) => ({
        key: name.key,
        isAncestor: order[at + 1]?.isSubdomainOf(name),
      }));
      const walked = [...zone.preceding(key)];
      expect(walked.map(({ node, isAncestor }) => ({ key: node.key, isAncestor }))).toEqual(
        expected.toReversed(),
      );
    }
    expect([...zone.preceding(origin.key)]).toEqual([]);
  });

  test('of a subtree is that of a name and what is below it', () => {
    const texts = ['a', 'b.a', 'c.b.a', 'a-', 'a\\000', 'ab', 'x.ab'];
    const zone = Zone.of(origin, [
      ...newZone(origin).rrsets(),
      ...texts.map((text) => rrsetOf(Name.parse(`${text}.example.net`))),
    ]);
    const below = (text: string): string[] =>
      [...zone.ordered(Name.parse(text).key)].map(({ name }) => name.relativeTo(origin));
    expect(below('a.example.net')).toEqual(['a', 'b.a', 'c.b.a']);
    expect(below('ab.example.net')).toEqual(['ab', 'x.ab']);
    expect(below('nobody.example.net')).toEqual([]);
    expect(below('example.net')).toHaveLength(8);
  });
});

describe('a large zone', () => {
  const count = 20_000;
  const names = Array.from({ length: count }, (_, index) => Name.parse(`H${index}.example.net`));
  const zone = Zone.of(origin, [...newZone(origin).rrsets(), ...names.map(rrsetOf)]);

  test('finds each of its names, spelled as it was', () => {
    expect(zone.size).toBe(count + 1);
    for (const name of names)
      expect(zone.get(name, Type.A)?.name.wire.equals(name.wire)).toBe(true);
    expect(zone.node(Name.parse('h20000.example.net').key)).toBeUndefined();
  });

  test('stays as it was while others are made of it', () => {
    void zone.neighbours(origin.key);
    const edits = names.map((name) => ({ name, type: Type.A, rrset: undefined }));
    const empty = zone.change(edits)?.zone;
    expect([empty?.size, [...(empty?.ordered() ?? [])].length]).toEqual([1, 1]);
    expect([zone.size, [...zone.ordered()].length]).toEqual([count + 1, count + 1]);
    const half = zone.change(edits.filter((_, index) => index % 2 === 0))?.zone;
    expect([half?.size, [...(half?.ordered() ?? [])].length]).toEqual([
      count / 2 + 1,
      count / 2 + 1,
    ]);
    expect([...(half?.rrsets() ?? [])]).toHaveLength(count / 2 + 2);
  });
});

test.each(['NSEC', 'NSEC3'])(
  'what the first denial by %s needs is made in steps by the change that signs a zone',
  (type) => {
    const count = 3000;
    const names = Array.from({ length: count }, (_, index) => Name.parse(`n${index}.example.net`));
    const zone = Zone.of(origin, [...newZone(origin).rrsets(), ...names.map(rrsetOf)]);
    const text = {
      NSEC: 'example.net. A',
      NSEC3: '1 0 0 - 0p9mhaveqvm6t7vbl5lop2u3t2rp3tom A',
      NSEC3PARAM: '1 0 0 -',
      RRSIG: 'SOA 13 2 60 20300101000000 20200101000000 1 example.net. AAAA',
    };
    const editOf = (name: Name, number: number, data: string): Edit => {
      const records = [rdataFromText(number, data, { origin })];
      return { name, type: number, rrset: { name, type: number, ttl: 60, records } };
    };
    const hashes = type === 'NSEC' ? [] : names.slice(0, 1000);
    const steps = zone.changing([
      editOf(origin, Type.RRSIG, text.RRSIG),
      type === 'NSEC'
        ? editOf(origin, Type.NSEC, text.NSEC)
        : editOf(origin, Type.NSEC3PARAM, text.NSEC3PARAM),
      ...hashes.map((name) => editOf(name, Type.NSEC3, text.NSEC3)),
    ]);
    let single = 0;
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) if (step.value === undefined) single++;
    expect(step.value?.zone.denialProof?.type).toBe(parseType(type));
    expect(single).toBeGreaterThanOrEqual(type === 'NSEC' ? count : hashes.length);
  },
);
