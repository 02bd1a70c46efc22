import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestReactor } from '@hawser/core/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { dynamicZone } from '../../src/store/open-dynamic-zone.ts';
import { openSqlite, storeError } from '../../src/store/open-sqlite.ts';
import { sqlite } from '../../src/store/sqlite-store.ts';
import type { ZoneStore } from '../../src/store/zone-store.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { storedRRsets } from './stored-rrsets.ts';
import { creation, setting, zoneStoreContract } from './zone-store-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'hawser-dns-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const file = (): string => join(folder, `${++files}.db`);

const load = (store: ZoneStore) => storedRRsets(store, Name.parse('example.net'));

const hasNodeSqlite = process.getBuiltinModule('node:sqlite') !== undefined;
const drivers = hasNodeSqlite ? (['libsql', 'node'] as const) : (['libsql'] as const);

test('a store that is closed looks no more for what others write', async () => {
  const reactor = createTestReactor();
  const store = sqlite(file());
  const watching = store.watch(reactor, () => undefined);
  expect(reactor.clock.timers).toBe(1);
  await store.close();
  expect(reactor.clock.timers).toBe(0);
  watching[Symbol.dispose]();
  expect([reactor.clock.timers, reactor.reports.problems]).toEqual([0, []]);
});

test('a database that is no file is none to keep zones in', () => {
  expect(() => sqlite(':memory:')).toThrow('Cannot keep zones in ":memory:" as it is no file');
});

test('a database cannot be looked after all the time', () => {
  for (const pollMs of [0, -1, Number.NaN])
    expect(() => sqlite(file(), { pollMs })).toThrow('pollMs must be 1 or more');
});

describe.each(drivers)('with %s', (driver) => {
  const paths = new WeakMap<object, string>();
  const open = (path = file()) => {
    const store = sqlite(path, { driver, busyTimeoutMs: 0 });
    paths.set(store, path);
    return store;
  };

  zoneStoreContract(open, async (store) => {
    await store.close();
    return open(paths.get(store));
  });

  test('a commit is on the disk when it resolves: a copy of the files has it', async () => {
    const path = file();
    const store = open(path);
    const zone = newZone(Name.parse('example.net'));
    await store.commit(creation(zone));
    await store.commit(setting(zone, 'x.example.net', 'kept').changeSet);
    const copy = file();
    // What a crash would leave: the file and its log, nobody having closed them.
    writeFileSync(copy, readFileSync(path));
    writeFileSync(`${copy}-wal`, readFileSync(`${path}-wal`));
    const after = open(copy);
    const rrsets = await storedRRsets(after, zone.origin);
    expect(rrsets.map(({ name }) => name.toString())).toContain('x.example.net');
    await Promise.all([store.close(), after.close()]);
  });

  test('a locked file is said to be, with its name', async () => {
    const path = file();
    const other = openSqlite(path, { driver });
    other.exec('BEGIN IMMEDIATE');
    const store = open(path);
    const locked = {
      code: 'HAWSER_STORE_LOCKED',
      exitCode: 74,
      message: expect.stringContaining(path),
    };
    await expect(store.load(Name.parse('example.net'))).rejects.toMatchObject(locked);
    expect(() => openSqlite(path, { driver, busyTimeoutMs: 0 })).toThrow(
      expect.objectContaining(locked),
    );
    other.exec('ROLLBACK');
    other.close();
    expect(await store.load(Name.parse('example.net'))).toBeUndefined();
    await store.close();
  });

  test('a lock during an update refuses it, and the old answer stays', async () => {
    const path = file();
    const store = open(path);
    const zone = await dynamicZone('example.net', { store });
    await zone.set('www', 'A', '192.0.2.1');
    const other = openSqlite(path, { driver });
    other.exec('BEGIN IMMEDIATE');
    await expect(zone.set('www', 'A', '192.0.2.2')).rejects.toMatchObject({
      code: 'HAWSER_STORE_LOCKED',
    });
    expect([zone.get('www', 'A'), zone.serial]).toEqual([['192.0.2.1'], 2]);
    other.exec('ROLLBACK');
    other.close();
    await zone.set('www', 'A', '192.0.2.3');
    await store.close();
    const again = await dynamicZone('example.net', { store: open(path) });
    expect([again.get('www', 'A'), again.serial]).toEqual([['192.0.2.3'], 3]);
  });

  test('a change that finds the file locked at the first use does not hold up the next', async () => {
    const path = file();
    const other = openSqlite(path, { driver });
    other.exec('BEGIN IMMEDIATE');
    const store = open(path);
    const change = creation(newZone(Name.parse('example.net')));
    await expect(store.commit(change)).rejects.toMatchObject({ code: 'HAWSER_STORE_LOCKED' });
    other.exec('ROLLBACK');
    other.close();
    await store.commit(change);
    expect(await store.list()).toHaveLength(1);
    await store.close();
    const closed = { code: 'HAWSER_STORE_IO' };
    await expect(store.commit(change)).rejects.toMatchObject(closed);
    await expect(store.commit(change)).rejects.toMatchObject(closed);
  });

  test('a file that is replaced before the first update refuses it', async () => {
    const path = file();
    const made = open(path);
    await made.commit(creation(newZone(Name.parse('example.net'))));
    await made.close();
    const store = open(path);
    const zone = await dynamicZone('example.net', { store });
    renameSync(path, `${path}.moved`);
    copyFileSync(`${path}.moved`, path);
    await expect(zone.set('www', 'A', '192.0.2.1')).rejects.toMatchObject({
      code: 'HAWSER_STORE_IO',
      message: expect.stringContaining('replaced'),
    });
    await store.close();
  });

  test.skipIf(process.platform === 'win32').each(drivers)(
    'a file that %s makes is for its owner to read, and one that is there stays as it is',
    async (driver) => {
      const path = file();
      const modeOf = (name: string): number => statSync(name).mode & 0o777;
      const first = sqlite(path, { driver });
      await first.bucket('dnssec').put('example.net', Buffer.from('secret'));
      expect([path, `${path}-wal`, `${path}-shm`].map(modeOf)).toEqual([0o600, 0o600, 0o600]);
      const before = process.cwd();
      process.chdir(folder);
      try {
        openSqlite(':odd.db', { driver }).close();
      } finally {
        process.chdir(before);
      }
      expect(modeOf(join(folder, ':odd.db'))).toBe(0o600);
      rmSync(join(folder, ':odd.db'));
      await first.close();
      chmodSync(path, 0o640);
      const second = sqlite(path, { driver });
      await second.bucket('dnssec').put('example.net', Buffer.from('secret'));
      expect(modeOf(path)).toBe(0o640);
      await second.close();
    },
  );

  test.each([
    ['a name', `UPDATE zone SET name = x'3f'`, (store: ZoneStore) => store.list()],
    ['a column', `UPDATE zone SET name = 7`, (store: ZoneStore) => store.list()],
    ['an owner', `UPDATE rrset SET name = x'3f'`, load],
    ['a serial', `UPDATE zone SET serial = 7`, load],
    ['a start of authority', `DELETE FROM rrset WHERE type = 6`, load],
    ['an address', `UPDATE rrset SET rdata = x'0001ff'`, load],
  ])('%s that somebody spoilt is said to be in this file', async (_, sql, use) => {
    const path = file();
    const store = open(path);
    await store.commit(creation(newZone(Name.parse('example.net'))));
    const other = openSqlite(path, { driver });
    other.exec(sql);
    other.close();
    await expect(use(store)).rejects.toMatchObject({
      code: 'HAWSER_STORE_IO',
      message: expect.stringContaining(path),
    });
    await store.close();
  });

  test('after closing, the file alone has everything', async () => {
    const path = file();
    const store = open(path);
    const zone = await dynamicZone('example.net', { store });
    for (let index = 0; index < 50; index++) {
      // oxlint-disable-next-line no-await-in-loop -- a transaction each
      await zone.set(`h${index}`, 'A', '192.0.2.1');
    }
    await store.close();
    const copy = file();
    copyFileSync(path, copy);
    const after = open(copy);
    expect((await dynamicZone('example.net', { store: after })).serial).toBe(51);
    await after.close();
  });

  test('a file of a later version is left alone', async () => {
    const path = file();
    const later = openSqlite(path, { driver });
    later.exec('PRAGMA user_version = 3');
    await expect(open(path).list()).rejects.toMatchObject({
      code: 'HAWSER_STORE_IO',
      message: expect.stringContaining('version 3'),
    });
    expect(later.prepare('SELECT * FROM sqlite_schema').all()).toEqual([]);
    later.close();
  });

  test.skipIf(process.getuid?.() === 0)('a folder that may not be written is said so', async () => {
    const closed = join(folder, `closed-${driver}`);
    mkdirSync(closed, { mode: 0o500 });
    await expect(open(join(closed, 'x.db')).list()).rejects.toMatchObject({
      code: 'HAWSER_STORE_READONLY',
    });
  });

  test('a disk that is full in the middle of a transaction keeps none of it', async () => {
    const path = file();
    const store = open(path);
    const zones = ['a.test', 'b.test'].map((name) => newZone(Name.parse(name)));
    await Promise.all(zones.map((zone) => store.commit(creation(zone))));
    const changes = zones.map((zone) => setting(zone, `x.${zone.origin}`, 'small').changeSet);
    const spoil = openSqlite(path, { driver });
    // The second change of the transaction fails where the disk would: while it is written.
    spoil.exec(`CREATE TRIGGER full BEFORE INSERT ON change WHEN (SELECT count(*) FROM change) > 0
      BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END`);
    const both = () => changes.map((change) => store.commit(change));
    const outcomes = await Promise.allSettled(both());
    expect(outcomes).toMatchObject([
      { status: 'rejected', reason: { code: 'HAWSER_STORE_IO' } },
      { status: 'rejected', reason: { code: 'HAWSER_STORE_IO' } },
    ]);
    expect((await store.list()).map(({ serial }) => serial)).toEqual([1, 1]);
    spoil.exec('DROP TRIGGER full');
    spoil.close();
    await Promise.all(both());
    expect((await store.list()).map(({ serial }) => serial)).toEqual([2, 2]);
    await store.close();
  });

  describe('a large new zone', () => {
    const origin = Name.parse('large.test');
    const large = (hosts = 5_000) => {
      const zone = newZone(origin);
      const names = Array.from({ length: hosts }, (_, index) => `h${(index * 7919) % hosts}`);
      const added = names.map((name) => setting(zone, `${name}.large.test`, name).changeSet);
      const changes = added.flatMap(({ changes: each }) =>
        each.filter(({ type }) => type === Type.TXT),
      );
      const made = creation(zone);
      return { ...made, changes: [...made.changes, ...changes] };
    };
    const rowsIn = (path: string, table: string) => {
      const db = openSqlite(path, { driver, busyTimeoutMs: 5000 });
      const [row] = db.prepare(`SELECT count(*) AS n FROM ${table}`).all();
      db.close();
      return row?.['n'];
    };

    test('is written between the changes of others, and seen when it is whole', async () => {
      const path = file();
      const store = open(path);
      const small = newZone(Name.parse('small.test'));
      await store.commit(creation(small));
      const zone = large();
      const making = store.commit(zone);
      const change = setting(small, 'x.small.test', 'quick');
      await store.commit(change.changeSet);
      expect(await store.find(origin)).toBeUndefined();
      const found = await store.list();
      expect(found.map((each) => [each.origin.toString(), each.serial])).toEqual([
        ['small.test', 2],
      ]);
      await making;
      expect(await store.find(origin)).toMatchObject({ serial: 1, revision: 0, edits: 0 });
      const keys = (await storedRRsets(store, origin)).map(({ name }) => name.sortKey());
      expect(keys).toHaveLength(zone.changes.length);
      expect(keys).toEqual(keys.toSorted((one, other) => Buffer.compare(one, other)));
      await expect(store.commit(zone)).rejects.toMatchObject({ code: 'HAWSER_STORE_CONFLICT' });
      await store.close();
    });

    test('that two make at once is made by one, and the parts of the other are gone', async () => {
      const path = file();
      const stores = [0, 1].map(() => sqlite(path, { driver, busyTimeoutMs: 5000 }));
      const outcomes = await Promise.allSettled(stores.map((store) => store.commit(large())));
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
        reason: { code: 'HAWSER_STORE_CONFLICT' },
      });
      await Promise.all(stores.map((store) => store.close()));
      expect([rowsIn(path, 'zone'), rowsIn(path, 'rrset')]).toEqual([1, large().changes.length]);
    });

    test('leaves nothing behind where the disk is full, nor where somebody ended in the middle', async () => {
      const path = file();
      const store = open(path);
      await store.list();
      const spoil = openSqlite(path, { driver });
      spoil.exec(`INSERT INTO zone (id, origin, name, serial, edits)
        VALUES (77, x'00', x'${Buffer.from(origin.wire).toString('hex')}', -1, -1)`);
      spoil.exec(`INSERT INTO rrset VALUES (77, x'00', 1, x'00', 1, x'00')`);
      spoil.exec(`CREATE TRIGGER full BEFORE INSERT ON rrset
        WHEN (SELECT count(*) FROM rrset) > 4000
        BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END`);
      await expect(store.commit(large())).rejects.toMatchObject({ code: 'HAWSER_STORE_IO' });
      expect(await store.list()).toEqual([]);
      expect([rowsIn(path, 'zone'), rowsIn(path, 'rrset')]).toEqual([1, 1]);
      spoil.exec('DROP TRIGGER full');
      spoil.close();
      await store.commit(large());
      await store.close();
      expect([rowsIn(path, 'zone'), rowsIn(path, 'rrset')]).toEqual([1, large().changes.length]);
    });
  });

  test('a file that is deleted or replaced meanwhile refuses updates', async () => {
    const path = file();
    const store = open(path);
    const zone = await dynamicZone('example.net', { store });
    renameSync(path, `${path}.moved`);
    await expect(zone.set('www', 'A', '192.0.2.1')).rejects.toMatchObject({
      code: 'HAWSER_STORE_IO',
    });
    writeFileSync(path, '');
    await expect(zone.set('www', 'A', '192.0.2.1')).rejects.toMatchObject({
      code: 'HAWSER_STORE_IO',
    });
    expect(zone.get('www')).toBeUndefined();
    await store.close();
  });

  test.each([
    ['a folder', () => folder],
    ['a folder that is not there', () => join(folder, 'missing', 'x.db')],
    [
      'something else than a database',
      () => {
        const path = file();
        writeFileSync(path, 'not a database, but long enough to be taken for one'.repeat(100));
        return path;
      },
    ],
  ])('%s is refused', async (_, where) => {
    const path = where();
    await expect(open(path).list()).rejects.toMatchObject({
      code: 'HAWSER_STORE_IO',
      exitCode: 74,
      message: expect.stringContaining(path),
    });
  });

  test('changes asked for together share a transaction', async () => {
    const path = file();
    const store = open(path);
    const zones = Array.from({ length: 20 }, (_, index) => newZone(Name.parse(`z${index}.test`)));
    await store.list();
    const db = openSqlite(path, { driver });
    const commits = () => Number(db.prepare('PRAGMA data_version').all()[0]?.['data_version']);
    const before = commits();
    await Promise.all(zones.map((zone) => store.commit(creation(zone))));
    // data_version counts what others committed.
    expect(commits() - before).toBe(1);
    expect(await store.list()).toHaveLength(20);
    db.close();
    await store.close();
  });
});

test.each([
  [{ code: 'SQLITE_BUSY' }, 'HAWSER_STORE_LOCKED'],
  [{ code: 'ERR_SQLITE_ERROR', errcode: 5 }, 'HAWSER_STORE_LOCKED'],
  [{ code: 'ERR_SQLITE_ERROR', errcode: 517 }, 'HAWSER_STORE_LOCKED'],
  [{ code: 'SQLITE_READONLY_DBMOVED' }, 'HAWSER_STORE_READONLY'],
  [{ code: 'ERR_SQLITE_ERROR', errcode: 8 }, 'HAWSER_STORE_READONLY'],
  [{ code: 'EACCES' }, 'HAWSER_STORE_READONLY'],
  [{ code: 'SQLITE_FULL', message: 'database or disk is full' }, 'HAWSER_STORE_IO'],
  [{ code: 'ERR_SQLITE_ERROR', errcode: 10 }, 'HAWSER_STORE_IO'],
])('%j is %s', (cause, code) => {
  expect(storeError('/data/zones.db', cause)).toMatchObject({
    code,
    message: expect.stringContaining('/data/zones.db'),
  });
});
