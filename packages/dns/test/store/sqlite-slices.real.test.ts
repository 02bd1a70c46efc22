// A large change is written in slices, between which others are served, and is one transaction all the same.
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { openSqlite } from '../../src/store/open-sqlite.ts';
import { sqlite } from '../../src/store/sqlite-store.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { createRRset } from '../../src/zone/rrset.ts';
import type { ChangeSet, Zone } from '../../src/zone/zone.ts';
import { storedRRsets } from './stored-rrsets.ts';
import { creation } from './zone-store-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'hawser-dns-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const RECORDS = 3000;
const BARE = 2;
let files = 0;

function large(zone: Zone, ttl = 60): ChangeSet {
  const edits = Array.from({ length: RECORDS }, (_, at) => {
    const name = Name.parse(`h${at}.${zone.origin}`);
    const values = [`10.0.${at >> 8}.${at & 255}`];
    const rrset = createRRset(name, Type.A, { ttl: at === RECORDS - 1 ? ttl : 60, values });
    return { name, type: Type.A, rrset };
  });
  const step = zone.change(edits);
  if (step === undefined) throw new TypeError('nothing changed');
  return step.changeSet;
}

async function setUp() {
  const path = join(folder, `${++files}.db`);
  const store = sqlite(path, { busyTimeoutMs: 0 });
  const zone = newZone(Name.parse('example.net'));
  await store.commit(creation(zone));
  const count = async () => (await storedRRsets(store, zone.origin)).length;
  return { path, store, zone, count };
}

test('others have their turn, and see nothing of it before it is whole', async () => {
  const { store, path, zone } = await setUp();
  const other = openSqlite(path);
  const rows = () => Number(other.prepare('SELECT count(*) AS n FROM rrset').all()[0]?.['n']);
  const changeSet = large(zone);
  let running = true;
  const committing = store.commit(changeSet).finally(() => (running = false));
  const seen = new Set<number>();
  const found: Promise<unknown>[] = [];
  let turns = 0;
  while (running) {
    // oxlint-disable-next-line no-await-in-loop -- a turn
    await setImmediate();
    turns++;
    seen.add(rows());
    found.push(store.find(zone.origin).then((stored) => stored?.serial));
  }
  await committing;
  expect(turns).toBeGreaterThan(5);
  expect([...seen].filter((count) => count !== BARE && count !== BARE + RECORDS)).toEqual([]);
  expect(new Set(await Promise.all(found))).toEqual(new Set([changeSet.from, changeSet.to]));
  expect(await store.journal(zone.origin, zone.serial)).toHaveLength(1);
  other.close();
  await store.close();
});

test('a failure in the last slice takes all of it back', async () => {
  const { store, path, zone, count } = await setUp();
  const other = openSqlite(path);
  other.exec(`CREATE TRIGGER refused BEFORE INSERT ON rrset WHEN NEW.ttl = 666
    BEGIN SELECT RAISE(ABORT, 'refused'); END`);
  const bucket = store.bucket('b');
  const outcomes = await Promise.allSettled([
    store.commit(large(zone, 666)),
    bucket.put('k', Buffer.of(1)),
  ]);
  // They share the transaction.
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(outcomes[0]).toMatchObject({ reason: { code: 'HAWSER_STORE_IO' } });
  expect(await count()).toBe(BARE);
  expect(await store.find(zone.origin)).toMatchObject({ serial: zone.serial, edits: 0 });
  await store.commit(large(zone));
  expect(await count()).toBe(BARE + RECORDS);
  other.close();
  await store.close();
});

test('what is asked for meanwhile is written after it, and closing waits for both', async () => {
  const { store, path, zone } = await setUp();
  const committing = store.commit(large(zone));
  await setImmediate();
  const putting = store.bucket('b').put('k', Buffer.of(1));
  await Promise.all([committing, putting, store.close()]);
  const again = sqlite(path);
  expect(await storedRRsets(again, zone.origin)).toHaveLength(BARE + RECORDS);
  expect(await again.bucket('b').get('k')).toEqual(Buffer.of(1));
  await again.close();
});

test('two stores of one file in one process wait for each other', async () => {
  const { store, path, zone } = await setUp();
  const other = newZone(Name.parse('example.org'));
  const committing = store.commit(large(zone));
  await setImmediate();
  const second = sqlite(path, { busyTimeoutMs: 0 });
  await Promise.all([
    committing,
    second.commit(creation(other)).then(() => second.commit(large(other))),
  ]);
  expect(await storedRRsets(store, other.origin)).toHaveLength(BARE + RECORDS);
  expect(await storedRRsets(second, zone.origin)).toHaveLength(BARE + RECORDS);
  await store.close();
  await second.close();
});

test('a file that goes meanwhile gets none of it', async () => {
  const { store, path, zone, count } = await setUp();
  const settled = Promise.allSettled([store.commit(large(zone))]);
  const other = openSqlite(path, { busyTimeoutMs: 0 });
  const isBeingWritten = () => {
    try {
      other.exec('BEGIN IMMEDIATE; ROLLBACK');
      return false;
    } catch {
      return true;
    }
  };
  // oxlint-disable-next-line no-await-in-loop -- a turn
  while (!isBeingWritten()) await setImmediate();
  renameSync(path, `${path}.gone`);
  const [outcome] = await settled;
  expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'HAWSER_STORE_IO' } });
  renameSync(`${path}.gone`, path);
  expect(await count()).toBe(BARE);
  await store.commit(large(zone));
  expect(await count()).toBe(BARE + RECORDS);
  other.close();
  await store.close();
});
