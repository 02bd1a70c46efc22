// Changes a zone as fast as it can, and says so, until it is killed: change-steadily.ts <module of the store> <where> <state>
import type { DynamicZone } from '../../../src/store/dynamic-zone.ts';
import { dynamicZone } from '../../../src/store/open-dynamic-zone.ts';
import type { ZoneStore } from '../../../src/store/zone-store.ts';
import { isLeased, NAMES, nameOf, valuesAfter, WRITERS } from './steady-changes.ts';

const [kind = '', where = '', state = '{}'] = process.argv.slice(2);
/** How many changes each name has seen. */
const counts = new Map<string, number>(Object.entries(JSON.parse(state) as Record<string, number>));

const store = await openStore();
// Everything, so that every older version can be followed to the newest.
const journal = { maxChanges: 1_000_000, maxBytes: 1_000_000_000 };
const zone = await dynamicZone('example.net', { store, journal });
process.stdout.write('ready\n');
await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(zone, writer)));

async function openStore(): Promise<ZoneStore> {
  if (kind === 'sqlite') return (await import('../../../src/store/sqlite-store.ts')).sqlite(where);
  const { postgres } = await import('../../../src/postgres/index.ts');
  return postgres(where);
}

async function write(to: DynamicZone, writer: number): Promise<never> {
  for (let turn = 0; ; turn++) {
    const name = nameOf(writer, turn % NAMES);
    const change = (counts.get(name) ?? 0) + 1;
    const values = valuesAfter(name, change);
    const leaseSeconds = isLeased(change) ? 3600 : undefined;
    await to.change([{ name, type: 'TXT', values, leaseSeconds }]);
    counts.set(name, change);
    // To a pipe this is written before it returns: what was not said was not acknowledged.
    process.stdout.write(`${JSON.stringify({ name, change, serial: to.serial })}\n`);
  }
}
