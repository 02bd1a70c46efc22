// One SQLite file, several who write it.
import { copyFileSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestReactor } from '@hawser/core/testing';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import type { DynamicZone } from '../../src/store/dynamic-zone.ts';
import { type DynamicZoneOptions, dynamicZone } from '../../src/store/open-dynamic-zone.ts';
import { openSqlite } from '../../src/store/open-sqlite.ts';
import { sqlite } from '../../src/store/sqlite-store.ts';
import type { ChangeSet } from '../../src/zone/zone.ts';

const folder = mkdtempSync(join(tmpdir(), 'hawser-dns-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const file = (): string => join(folder, `${++files}.db`);
const origin = Name.parse('example.net');

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function serve(path: string, options: DynamicZoneOptions = {}) {
  const store = sqlite(path, { busyTimeoutMs: 5000 });
  const zone = await dynamicZone('example.net', { store, ...options });
  const reactor = createTestReactor();
  zone.started(reactor);
  closing.push(() => store.close());
  closing.push(() => zone.stopped());
  const heard: ChangeSet[] = [];
  zone.onChange((changeSet) => heard.push(changeSet));
  /** Time passes, and the file is looked at. */
  const poll = async () => {
    reactor.clock.advance(1000);
    await zone.refresh();
  };
  /** The same without asking: what is noticed is noticed by itself. */
  const noticed = async () => {
    await expect
      .poll(() => {
        reactor.clock.advance(1000);
        return heard.length;
      })
      .toBeGreaterThan(0);
  };
  return { store, zone, reactor, heard, poll, noticed };
}

const steps = (heard: readonly ChangeSet[]) => heard.map(({ from, to }) => [from, to]);

describe('a SQLite file that several write', () => {
  test('a change of another process is noticed, served and told', async () => {
    const path = file();
    const one = await serve(path);
    const other = await serve(path);
    await one.poll();
    await other.poll();
    await one.zone.set('a', 'A', '192.0.2.1');
    await one.zone.set('b', 'A', '192.0.2.2', { leaseSeconds: 60 });
    await other.noticed();
    expect(other.zone.get('b', 'A')).toEqual(['192.0.2.2']);
    expect(steps(other.heard)).toEqual([
      [1, 2],
      [2, 3],
    ]);
    expect(other.zone.leases()).toHaveLength(1);
    expect(other.reactor.reports.problems).toEqual([]);
  });

  test('changes of both go into one line', async () => {
    const path = file();
    const zones = [(await serve(path)).zone, (await serve(path)).zone];
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        (zones[index % 2] as DynamicZone).set(`h${index}`, 'A', `192.0.2.${index}`),
      ),
    );
    for (const zone of zones) await zone.refresh();
    const names = (zone: DynamicZone) => zone.list().map(({ name, values }) => [name, values]);
    expect(names(zones[0] as DynamicZone)).toEqual(names(zones[1] as DynamicZone));
    expect(zones[0]?.snapshot.size).toBe(41);
  });

  test('what somebody does to the records by SQL gets a serial and a place in the journal', async () => {
    const path = file();
    const { zone, store, heard, poll, noticed } = await serve(path);
    await zone.set('a', 'A', '192.0.2.1');
    await zone.set('b', 'A', '192.0.2.2', { leaseSeconds: 60 });
    await poll();
    heard.splice(0);
    const person = openSqlite(path);
    person
      .prepare(`UPDATE rrset SET rdata = x'0004c0000209' WHERE type = 1 AND ttl = 60
      AND rkey = (SELECT min(rkey) FROM rrset WHERE type = 1)`)
      .run();
    person.exec(`DELETE FROM rrset WHERE type = 1 AND rdata = x'0004c0000202'`);
    await noticed();
    expect([zone.get('a', 'A'), zone.get('b'), zone.serial]).toEqual([['192.0.2.9'], undefined, 4]);
    expect([steps(heard), zone.leases()]).toEqual([[[3, 4]], []]);
    expect((await zone.journal(2))?.map(({ to }) => to)).toEqual([3, 4]);
    expect(await store.find(origin)).toMatchObject({ serial: 4, edits: 0 });
    person.close();
    await zone.set('c', 'A', '192.0.2.3');
    expect(zone.serial).toBe(5);
  });

  test('an edit and a change at the same time are both kept', async () => {
    const path = file();
    const { zone } = await serve(path);
    await zone.set('a', 'A', '192.0.2.1');
    const person = openSqlite(path);
    person.exec(`UPDATE rrset SET ttl = 77 WHERE type = 1`);
    person.close();
    // Nobody has looked yet: the change finds out.
    await zone.set('b', 'A', '192.0.2.2');
    expect([zone.get('a'), zone.get('b', 'A'), zone.serial]).toEqual([
      { ttl: 77, A: ['192.0.2.1'] },
      ['192.0.2.2'],
      4,
    ]);
  });

  test('one that was edited while nobody served it goes on with the next serial', async () => {
    const path = file();
    const first = sqlite(path);
    const zone = await dynamicZone('example.net', { store: first });
    await zone.set('a', 'A', '192.0.2.1');
    await first.close();
    const person = openSqlite(path);
    person.exec(`UPDATE rrset SET ttl = 77 WHERE type = 1`);
    person.close();
    const { zone: again, store } = await serve(path);
    expect([again.serial, again.get('a')]).toEqual([3, { ttl: 77, A: ['192.0.2.1'] }]);
    // What it was before is not known.
    expect(await again.journal(2)).toBeUndefined();
    expect(await store.find(origin)).toMatchObject({ serial: 3, edits: 0 });
  });

  test('a lease of a record that was edited away while nobody served it goes too', async () => {
    const path = file();
    const first = sqlite(path);
    const zone = await dynamicZone('example.net', { store: first });
    await zone.set('a', 'A', '192.0.2.1', { leaseSeconds: 60 });
    await zone.set('b', 'A', '192.0.2.2', { leaseSeconds: 60 });
    await first.close();
    const person = openSqlite(path);
    person.exec(`DELETE FROM rrset WHERE type = 1 AND instr(rdata, x'c0000201') > 0`);
    person.close();
    const { zone: again, store } = await serve(path);
    expect(again.leases().map(({ name }) => name)).toEqual(['b.example.net']);
    expect(await store.leases(origin)).toHaveLength(1);
  });

  test.each(['a change', 'a look'])(
    'a backup that takes its place is found by %s, served, and the serial goes on',
    async (who) => {
      const path = file();
      const backup = file();
      const { zone, reactor, heard, noticed } = await serve(path);
      await zone.set('a', 'A', '192.0.2.1');
      const person = openSqlite(path);
      person.exec(`VACUUM INTO '${backup}'`);
      person.close();
      await zone.set('a', 'A', '192.0.2.2');
      await zone.set('b', 'A', '192.0.2.2');
      // As it should be done: without the log of the old one.
      rmSync(`${path}-wal`);
      rmSync(`${path}-shm`);
      renameSync(backup, path);
      if (who === 'a look') {
        heard.splice(0);
        await noticed();
      }
      await zone.set('c', 'A', '192.0.2.3');
      expect([zone.get('a', 'A'), zone.get('b'), zone.get('c', 'A')]).toEqual([
        ['192.0.2.1'],
        undefined,
        ['192.0.2.3'],
      ]);
      expect(zone.serial).toBeGreaterThan(4);
      // What led to the backup does not lead from there to here.
      expect([await zone.journal(1), await zone.journal(2)]).toEqual([undefined, undefined]);
      expect(reactor.reports.problems).toEqual([]);
      const copy = file();
      copyFileSync(path, copy);
      await closing.pop()?.();
      await closing.pop()?.();
      const again = await serve(path);
      expect([again.zone.serial, again.zone.get('c', 'A')]).toEqual([zone.serial, ['192.0.2.3']]);
    },
  );

  test('a backup that is found by the change of one zone is told to the others', async () => {
    const path = file();
    const backup = file();
    const { zone, store, reactor } = await serve(path);
    const other = await dynamicZone('example.org', { store });
    const person = openSqlite(path);
    person.exec(`VACUUM INTO '${backup}'`);
    person.close();
    await other.set('a', 'A', '192.0.2.1');
    const seen: string[] = [];
    // Without a poll in between.
    store.watch(reactor, (name) => seen.push(name.toString()));
    rmSync(`${path}-wal`);
    rmSync(`${path}-shm`);
    renameSync(backup, path);
    await zone.set('b', 'A', '192.0.2.1');
    expect(seen.sort()).toEqual(['example.net', 'example.org']);
  });

  test('a backup with a serial of its own that is too early does not take the serial back', async () => {
    const path = file();
    const backup = file();
    const { zone, heard } = await serve(path);
    await zone.set('a', 'A', '192.0.2.1');
    const person = openSqlite(path);
    person.exec(`VACUUM INTO '${backup}'`);
    person.close();
    for (const end of [2, 3, 4, 5]) await zone.set('a', 'A', `192.0.2.${end}`);
    const editor = openSqlite(backup);
    editor.exec(`UPDATE rrset SET rdata = CAST(substr(rdata, 1, length(rdata) - 20) ||
      x'00000004' || substr(rdata, length(rdata) - 15) AS BLOB) WHERE type = 6`);
    editor.close();
    rmSync(`${path}-wal`);
    rmSync(`${path}-shm`);
    renameSync(backup, path);
    await zone.set('b', 'A', '192.0.2.1');
    expect([zone.serial, zone.get('a', 'A')]).toEqual([8, ['192.0.2.1']]);
    const serials = heard.map(({ from = 0, to }) => to - from);
    expect(Math.min(...serials)).toBeGreaterThan(0);
  });

  test('a poll that fails is reported once, and works again', async () => {
    const path = file();
    const { zone, reactor, poll } = await serve(path);
    await zone.set('a', 'A', '192.0.2.1');
    await poll();
    const spoil = openSqlite(path);
    spoil.exec('ALTER TABLE zone RENAME TO hidden');
    await expect
      .poll(() => {
        reactor.clock.advance(1000);
        return reactor.reports.problems;
      })
      .toMatchObject([{ error: { code: 'HAWSER_STORE_IO' } }]);
    for (let look = 0; look < 5; look++) await poll().catch(() => undefined);
    expect(reactor.reports.problems).toHaveLength(1);
    expect(zone.get('a', 'A')).toEqual(['192.0.2.1']);
    spoil.exec('ALTER TABLE hidden RENAME TO zone');
    await zone.set('a', 'A', '192.0.2.2');
    // The next failure is another one. Between them a poll has to work: it finds what somebody wrote.
    spoil.exec('UPDATE rrset SET ttl = 77 WHERE type = 1');
    await expect
      .poll(() => {
        reactor.clock.advance(1000);
        return zone.get('a');
      })
      .toMatchObject({ ttl: 77 });
    reactor.clock.advance(1000);
    spoil.exec('ALTER TABLE zone RENAME TO hidden');
    spoil.close();
    await expect
      .poll(() => {
        reactor.clock.advance(1000);
        return reactor.reports.problems;
      })
      .toHaveLength(2);
  });
});
