import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import { encodeRecords } from '../../src/store/change-codec.ts';
import { dynamicZone } from '../../src/store/open-dynamic-zone.ts';
import { openSqlite } from '../../src/store/open-sqlite.ts';
import { sqlite } from '../../src/store/sqlite-store.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import type { RRset } from '../../src/zone/rrset.ts';
import type { RRsetChange, Zone } from '../../src/zone/zone.ts';
import { setting } from './zone-store-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'hawser-dns-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As the first version made it. */
const version1 = `
  PRAGMA user_version = 1;
  CREATE TABLE zone (
    id INTEGER PRIMARY KEY, origin BLOB NOT NULL UNIQUE, name BLOB NOT NULL, serial INTEGER NOT NULL
  );
  CREATE TABLE rrset (
    zone INTEGER NOT NULL REFERENCES zone (id) ON DELETE CASCADE, rkey BLOB NOT NULL, type INTEGER NOT NULL,
    name BLOB NOT NULL, ttl INTEGER NOT NULL, rdata BLOB NOT NULL, PRIMARY KEY (zone, rkey, type)
  ) WITHOUT ROWID;
  CREATE TABLE journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT, zone INTEGER NOT NULL REFERENCES zone (id) ON DELETE CASCADE,
    serial_from INTEGER NOT NULL, serial_to INTEGER NOT NULL, changes TEXT NOT NULL
  );
  CREATE INDEX journal_zone ON journal (zone, id);
`;

const stored = (rrset: RRset | undefined) =>
  rrset && { ttl: rrset.ttl, rdata: encodeRecords(rrset).toString('base64') };
const asJson = (changes: readonly RRsetChange[]) =>
  JSON.stringify(
    changes.map(({ name, type, before, after }) => ({
      name: name.wire.toString('base64'),
      type,
      before: stored(before),
      after: stored(after),
    })),
  );

test('a file of version 1 is taken over with its zones and its journal', async () => {
  const path = join(folder, 'old.db');
  const old = openSqlite(path);
  old.exec(version1);
  const first = newZone(Name.parse('Example.net'));
  const second = setting(first, 'x.example.net', 'one');
  const third = setting(second.zone, 'x.example.net', 'two');
  const { zone } = third;
  old
    .prepare('INSERT INTO zone VALUES (1, ?, ?, ?)')
    .run(zone.origin.sortKey(), zone.origin.wire, zone.serial);
  const put = old.prepare('INSERT INTO rrset VALUES (1, ?, ?, ?, ?, ?)');
  for (const rrset of zone.rrsets())
    put.run(rrset.name.sortKey(), rrset.type, rrset.name.wire, rrset.ttl, encodeRecords(rrset));
  const journal = old.prepare('INSERT INTO journal VALUES (NULL, 1, ?, ?, ?)');
  for (const { changeSet } of [second, third])
    journal.run(changeSet.from ?? 0, changeSet.to, asJson(changeSet.changes));
  old.close();

  const store = sqlite(path);
  const opened = await dynamicZone('example.net', { store });
  expect([opened.serial, opened.get('x', 'TXT')]).toEqual([3, ['two']]);
  const changes = await store.journal(zone.origin, 1);
  expect(changes?.map(({ from, to }) => [from, to])).toEqual([
    [1, 2],
    [2, 3],
  ]);
  const rebuilt = (changes ?? []).reduce(
    (from: Zone, { changes: all }) =>
      from.change(all.map(({ name, type, after }) => ({ name, type, rrset: after })))?.zone ?? from,
    first,
  );
  expect([...rebuilt.rrsets()]).toHaveLength([...zone.rrsets()].length);
  expect(rebuilt.serial).toBe(3);
  await opened.set('x', 'TXT', 'three', { leaseSeconds: 60 });
  await store.close();

  const again = await dynamicZone('example.net', { store: sqlite(path) });
  expect([again.serial, again.leases()]).toMatchObject([4, [{ name: 'x.example.net' }]]);
  expect(await again.journal(1)).toHaveLength(3);
});
