import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SeededRandom } from '@hawser/core/testing';
import { afterAll, expect, test } from 'vitest';
import { sqlite } from '../../src/store/sqlite-store.ts';
import { survivesKills } from './survives-kills.ts';

const folder = mkdtempSync(join(tmpdir(), 'hawser-dns-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** More than a few take minutes: HAWSER_DNS_KILLS=200 for all. */
const kills = Number(process.env['HAWSER_DNS_KILLS'] ?? 5);

test(`a process killed ${kills} times keeps every acknowledged update, and nothing half done`, {
  timeout: 60_000 + kills * 20_000,
}, async () => {
  const where = join(folder, 'zones.db');
  const random = new SeededRandom(kills);
  const open = () => sqlite(where);
  const report = await survivesKills({
    kind: 'sqlite',
    where,
    kills,
    open,
    random: () => random.float(),
  });
  expect(report.acknowledged).toBeGreaterThan(kills);
  if (process.env['HAWSER_DNS_KILLS'] !== undefined) process.stdout.write(JSON.stringify(report));
});
