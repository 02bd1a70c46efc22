// How many updates a second are durable? Many callers, each waiting for its own; what is asked for meanwhile shares a commit.
// `node --conditions=@hawser/source --import tsx packages/dns/bench/updates.ts [file | postgres://...] [seconds]`
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgres } from '../src/postgres/index.ts';
import { memory } from '../src/store/memory-store.ts';
import { dynamicZone } from '../src/store/open-dynamic-zone.ts';
import { sqlite } from '../src/store/sqlite-store.ts';
import type { ZoneStore } from '../src/store/zone-store.ts';

const [where = join(tmpdir(), 'hawser-updates.db'), seconds = '3'] = process.argv.slice(2);
const isPostgres = where.startsWith('postgres');

async function measure(name: string, store: ZoneStore, callers: number): Promise<void> {
  const zone = await dynamicZone('example.net', { store });
  const started = zone.serial;
  const end = performance.now() + Number(seconds) * 1000;
  const cpu = process.cpuUsage();
  const from = performance.now();
  let updates = 0;
  let longestMs = 0;
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let turn = 0; performance.now() < end; turn++) {
        const asked = performance.now();
        await zone.set(`h${caller}`, 'A', `192.0.${(turn >> 8) & 255}.${turn & 255}`);
        longestMs = Math.max(longestMs, performance.now() - asked);
        updates++;
      }
    }),
  );
  const took = (performance.now() - from) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const columns = [
    name.padEnd(10),
    `${callers} callers`.padStart(14),
    `${Math.round(updates / took)} updates/s`.padStart(18),
    `${((user + system) / updates).toFixed(0)} µs CPU each`.padStart(18),
    `${(updates / (zone.serial - started)).toFixed(1)} a commit`.padStart(18),
    `longest ${longestMs.toFixed(0)} ms`.padStart(18),
  ];
  process.stdout.write(`${columns.join('')}\n`);
}

for (const callers of [1, 10, 100, 1000]) {
  await measure('memory', memory(), callers);
  if (!isPostgres) for (const end of ['', '-wal', '-shm']) rmSync(where + end, { force: true });
  const store = isPostgres ? postgres(where) : sqlite(where);
  await measure(isPostgres ? 'PostgreSQL' : 'SQLite', store, callers);
  await store.close();
}
