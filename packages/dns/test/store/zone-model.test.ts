// Random changes from many callers against a simple model, by seed.
import { SeededRandom } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { memory } from '../../src/store/memory-store.ts';
import { dynamicZone } from '../../src/store/open-dynamic-zone.ts';
import { createRRset } from '../../src/zone/rrset.ts';
import { isSerialAfter } from '../../src/zone/serial.ts';
import type { ChangeSet, Zone } from '../../src/zone/zone.ts';

const origin = Name.parse('example.net');
const labels = ['a', 'b', 'c', 'x.a', 'y.x.a', '*', '*.c'];
const types = [Type.A, Type.TXT, Type.CNAME, Type.MX];
const values: Readonly<Record<number, readonly unknown[]>> = {
  [Type.A]: ['192.0.2.1', '192.0.2.2'],
  [Type.TXT]: ['one', 'two'],
  [Type.CNAME]: ['a.example.net', 'b.example.net'],
  [Type.MX]: [{ preference: 10, exchange: 'a.example.net' }],
};

/** What each name and type holds, as one text. */
type Model = Map<string, string>;

function contentOf(zone: Zone): Model {
  const content: Model = new Map();
  for (const { name, type, records } of zone.rrsets())
    if (type !== Type.SOA)
      content.set(
        `${name.key}/${type}`,
        records
          .map(({ wire }) => wire.toString('hex'))
          .toSorted()
          .join(),
      );
  return content;
}

function applied(content: Model, changeSet: ChangeSet): Model {
  const after = new Map(content);
  for (const { name, type, after: rrset } of changeSet.changes) {
    if (type === Type.SOA) continue;
    const id = `${name.key}/${type}`;
    if (rrset === undefined) after.delete(id);
    else
      after.set(
        id,
        rrset.records
          .map(({ wire }) => wire.toString('hex'))
          .toSorted()
          .join(),
      );
  }
  return after;
}

describe('random changes from several callers on two zones of one store', () => {
  test.each(Array.from({ length: 40 }, (_, seed) => seed))('seed %d', async (seed) => {
    const random = new SeededRandom(seed);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random.float() * list.length)] as T;
    const store = memory();
    const zones = await Promise.all([0, 1].map(() => dynamicZone('example.net', { store })));
    const heard = zones.map((zone) => {
      const list: ChangeSet[] = [];
      zone.onChange((changeSet) => list.push(changeSet));
      return list;
    });
    const first = contentOf((zones[0] as (typeof zones)[0]).snapshot);
    const old = (zones[0] as (typeof zones)[0]).snapshot;
    let total = 0;
    const wanted = { sum: 0 };
    const callers = Array.from({ length: 6 }, async () => {
      for (let step = 0; step < 25; step++) {
        const zone = pick(zones);
        const kind = Math.floor(random.float() * 4);
        const name = Name.parse(pick(labels)).concat(origin);
        const type = pick(types);
        if (kind === 0) {
          // Nobody's count may be lost, whichever zone it goes through.
          wanted.sum++;
          await zone.transact((seen) => {
            const counter = Name.parse('count').concat(origin);
            const count = Number(
              seen.get(counter, Type.TXT)?.records[0]?.wire.toString('latin1', 1) ?? 0,
            );
            const rrset = createRRset(counter, Type.TXT, { ttl: 1, values: [String(count + 1)] });
            return { edits: [{ name: counter, type: Type.TXT, rrset }], result: undefined };
          });
        } else if (kind === 1) {
          await zone.transact(() => ({ edits: [{ name, type, rrset: undefined }], result: 0 }));
        } else {
          const rrset = createRRset(name, type, {
            ttl: 60,
            values: [pick(values[type] ?? [])] as never,
          });
          // A CNAME beside other data is refused, and that one alone.
          await zone
            .transact(() => ({ edits: [{ name, type, rrset }], result: 0 }))
            .catch((error: { code?: string }) => {
              if (error.code !== 'HAWSER_DNS_ZONE') throw error;
            });
        }
        total++;
      }
    });
    await Promise.all(callers);
    await Promise.all(zones.map((zone) => zone.refresh()));
    expect(total).toBe(150);
    const [one, other] = zones.map(({ snapshot }) => snapshot) as [Zone, Zone];
    const content = contentOf(one);
    expect(contentOf(other)).toEqual(content);
    expect(one.serial).toBe(other.serial);
    const counter = one.get(Name.parse('count').concat(origin), Type.TXT);
    expect(Number(counter?.records[0]?.wire.toString('latin1', 1) ?? 0)).toBe(wanted.sum);
    // Who listened heard every step once, in order; the journal of the store says the same.
    const journal = (await store.journal(origin, old.serial)) ?? [];
    for (const list of [...heard, journal]) {
      let serial = old.serial;
      let model = first;
      for (const changeSet of list) {
        expect(changeSet.from).toBe(serial);
        expect(isSerialAfter(changeSet.to, serial)).toBe(true);
        serial = changeSet.to;
        model = applied(model, changeSet);
      }
      expect(serial).toBe(one.serial);
      expect(model).toEqual(content);
    }
    // What is stored is what is served.
    const again = await dynamicZone('example.net', { store });
    expect(contentOf(again.snapshot)).toEqual(content);
  });
});
