import { SeededRandom } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { Rcode } from '../../../src/numbers.ts';
import { type ModelRecord, modelUpdate } from './update-model.ts';
import { scene, type TestZone } from './update-scene.ts';

const names = ['@', 'a', 'b', 'c.a', '*.b'];
const data: Record<string, readonly string[]> = {
  A: ['192.0.2.1', '192.0.2.2', '192.0.2.3'],
  TXT: ['"x"', '"y"'],
  CNAME: ['a', 'b'],
  NS: ['ns1', 'ns2', 'ns3'],
  MX: ['10 a', '20 a'],
};

/** As the model writes them. */
function recordsOf(zone: TestZone): string[] {
  return zone.lines();
}

function write(records: readonly ModelRecord[]): string[] {
  return records
    .map(({ name, ttl, type, data: value }) => `${name} ${ttl} ${type} ${value}`)
    .sort();
}

class Lines {
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random.float() * list.length)] as T;
  }

  count(most: number): number {
    return Math.floor(this.#random.float() * (most + 1));
  }

  prerequisite(): string {
    const name = this.pick(names);
    const type = this.pick(Object.keys(data));
    return this.pick([
      `yxdomain ${name}`,
      `nxdomain ${name}`,
      `yxrrset ${name} ${type}`,
      `nxrrset ${name} ${type}`,
      `yxrrset ${name} ${type} ${this.pick(data[type] ?? [])}`,
    ]);
  }

  change(): string {
    const name = this.pick(names);
    const type = this.pick(Object.keys(data));
    const value = this.pick(data[type] ?? []);
    const addition = `add ${name} ${this.pick([60, 300])} ${type} ${value}`;
    return this.pick([
      addition,
      addition,
      addition,
      `delete ${name}`,
      `delete ${name} ${type}`,
      `delete ${name} ${type} ${value}`,
    ]);
  }
}

test.each(Array.from({ length: 20 }, (_, seed) => seed + 1))(
  'seed %i: 100 random updates leave what the simplest reading of RFC 2136 leaves',
  async (seed) => {
    const lines = new Lines(new SeededRandom(seed));
    const { zone, send } = scene();
    let model: readonly ModelRecord[] = [
      { name: '@', type: 'NS', data: 'ns1', ttl: 3600 },
      { name: '@', type: 'NS', data: 'ns2.example.org.', ttl: 3600 },
      // Every zone has one at its origin, and updates with an older serial do not touch it.
      { name: '@', type: 'SOA', data: '', ttl: 0 },
    ];
    for (let step = 0; step < 100; step++) {
      const prerequisites = Array.from({ length: lines.count(2) }, () => lines.prerequisite());
      const changes = Array.from({ length: lines.count(5) }, () => lines.change());
      const serial = zone.snapshot.serial;
      const before = recordsOf(zone);
      const expected = modelUpdate(model, { prerequisites, changes });
      // oxlint-disable-next-line no-await-in-loop -- each update is made from what the one before left
      const rcode = await send({ prerequisites, changes });
      const sent = { step, prerequisites, changes };
      model = [
        ...expected.zone.filter(({ type }) => type !== 'SOA'),
        { name: '@', type: 'SOA', data: '', ttl: 0 },
      ];
      const after = recordsOf(zone);
      const changed = before.join('\n') !== after.join('\n');
      // The message with what became of it, so that a difference shows both.
      expect({ sent, rcode, records: after, serial: zone.snapshot.serial }).toEqual({
        sent,
        rcode: Rcode[expected.rcode as keyof typeof Rcode],
        records: write(model.filter(({ type }) => type !== 'SOA')),
        serial: serial + (changed ? 1 : 0),
      });
    }
  },
);
