// What does a stored zone of a million names cost? Time to write it, to load it again, and the memory that takes.
// `node --expose-gc --conditions=@hawser/source --import tsx packages/dns/bench/stored-zone.ts [file | postgres://...] [names]`
import { rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Name } from '../src/name.ts';
import { Type } from '../src/numbers.ts';
import { postgres } from '../src/postgres/index.ts';
import type { DynamicZone } from '../src/store/dynamic-zone.ts';
import { dynamicZone } from '../src/store/open-dynamic-zone.ts';
import { sqlite } from '../src/store/sqlite-store.ts';
import type { ZoneStore } from '../src/store/zone-store.ts';
import { newZone } from '../src/zone/new-zone.ts';
import { createRRset, type RRset } from '../src/zone/rrset.ts';
import { Zone } from '../src/zone/zone.ts';

const [where = join(tmpdir(), 'hawser-stored.db'), names = '1000000'] = process.argv.slice(2);
const count = Number(names);
const isPostgres = where.startsWith('postgres');
const origin = Name.parse('example.net');
const collect = globalThis.gc ?? ((): void => undefined);
const open = (): ZoneStore => (isPostgres ? postgres(where) : sqlite(where));

async function step(what: string, work: () => Promise<string>): Promise<void> {
  collect();
  const before = process.memoryUsage();
  const cpu = process.cpuUsage();
  const from = performance.now();
  const detail = await work();
  const seconds = (performance.now() - from) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const peak = process.resourceUsage().maxRSS / 1024;
  collect();
  const mib = (process.memoryUsage().rss - before.rss) / 1024 / 1024;
  const figures = `${seconds.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s CPU`;
  process.stdout.write(
    `${what.padEnd(30)} ${figures}, ${mib.toFixed(0)} MiB more (highest ${peak.toFixed(0)}) ${detail}\n`,
  );
}

function* content(): Generator<RRset> {
  yield* newZone(origin).rrsets();
  for (let index = 0; index < count; index++) {
    const values = [`192.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`];
    yield createRRset(Name.parse(`h${index}.example.net`), Type.A, { ttl: 60, values });
  }
}

if (process.env['LOAD_ONLY'] === undefined) {
  if (isPostgres) await open().delete(origin);
  else for (const end of ['', '-wal', '-shm']) rmSync(where + end, { force: true });
  const store = open();
  await step('to make and store the zone', async () => {
    const initial = Zone.of(origin, content());
    const zone = await dynamicZone('example.net', { store, initial });
    return `${zone.snapshot.size} names`;
  });
  await store.close();
}
if (!isPostgres)
  process.stdout.write(`the file has ${(statSync(where).size / 1024 / 1024).toFixed(0)} MiB\n`);
const store = open();
let zone: DynamicZone | undefined;
await step('to load it', async () => {
  zone = await dynamicZone('example.net', { store });
  return `${zone.snapshot.size} names`;
});
await step('100 changes, one after another', async () => {
  if (zone === undefined) return 'none';
  for (let index = 0; index < 100; index++) await zone.set(`h${index}`, 'A', '203.0.113.1');
  return `serial ${zone.serial}`;
});
await store.close();
