import { createNodeReactor, type Reactor } from '@hawser/core';
import { SeededRandom } from '@hawser/core/testing';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { type PostgresOptions, postgres } from '../../src/postgres/index.ts';
import type { DynamicZone } from '../../src/store/dynamic-zone.ts';
import { type DynamicZoneOptions, dynamicZone } from '../../src/store/open-dynamic-zone.ts';
import type { ZoneStore } from '../../src/store/zone-store.ts';
import { createRRset } from '../../src/zone/rrset.ts';
import type { ChangeSet } from '../../src/zone/zone.ts';
import { survivesKills } from '../store/survives-kills.ts';
import { zoneStoreContract } from '../store/zone-store-contract.ts';
import { postgresFolder, TemporaryCluster } from './temporary-cluster.ts';

const title = postgresFolder === undefined ? 'PostgreSQL [initdb, postgres missing]' : 'PostgreSQL';
const isSkipped = postgresFolder === undefined && process.env['CI'] !== 'true';
const origin = Name.parse('example.net');

describe.skipIf(isSkipped)(title, () => {
  let cluster: TemporaryCluster;
  let person: pg.Pool;
  const closing: (() => Promise<unknown>)[] = [];
  let schemas = 0;

  beforeAll(async () => {
    cluster = await TemporaryCluster.start();
    person = new pg.Pool({ connectionString: cluster.url });
    person.on('error', () => undefined);
  }, 60_000);
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  });
  afterAll(async () => {
    await person.end();
    await cluster.remove();
  });

  const schemaOf = new WeakMap<ZoneStore, string>();
  const open = (schema = `s${++schemas}`, options: PostgresOptions = {}): ZoneStore => {
    const store = postgres(cluster.url, { schema, ...options });
    schemaOf.set(store, schema);
    return store;
  };
  /** A zone that is served, and what was reported about it. */
  const serve = async (
    store: ZoneStore,
    options: DynamicZoneOptions = {},
  ): Promise<{ zone: DynamicZone; problems: unknown[] }> => {
    const zone = await dynamicZone('example.net', { store, ...options });
    const problems: unknown[] = [];
    const reactor: Reactor = {
      ...createNodeReactor(),
      reports: { problem: (_, error) => void problems.push(error) },
    };
    zone.started(reactor);
    closing.push(() => store.close());
    closing.push(() => zone.stopped());
    return { zone, problems };
  };
  const changed = (zone: DynamicZone): Promise<ChangeSet> =>
    new Promise((resolve) => {
      const subscription = zone.onChange((changeSet) => {
        subscription[Symbol.dispose]();
        resolve(changeSet);
      });
    });
  const sql = (store: ZoneStore, text: string) =>
    person.query(text.replaceAll('$schema', schemaOf.get(store) ?? ''));
  /** Until the store has heard that it listens: a change before that is found by the first look. */
  const listening = (store: ZoneStore) =>
    expect.poll(
      async () =>
        (
          await person.query('SELECT 1 FROM pg_stat_activity WHERE query = $1', [
            `LISTEN "${schemaOf.get(store)}"`,
          ])
        ).rowCount,
    );

  zoneStoreContract(open, async (store) => {
    const schema = schemaOf.get(store);
    await store.close();
    return open(schema);
  });

  test.each(['user', 'order', 'all'])(
    'a schema may be called "%s", a reserved word',
    async (schema) => {
      const store = open(schema);
      const { zone, problems } = await serve(store);
      await zone.set('www', 'A', '192.0.2.1', { leaseSeconds: 60 });
      await store.bucket('b').put('key', Buffer.from('value'));
      await listening(store).toBe(1);
      const next = changed(zone);
      await person.query(`UPDATE "${schema}".rrset SET data = '{192.0.2.2}' WHERE type = 'A'`);
      await next;
      expect(zone.get('www', 'A')).toEqual(['192.0.2.2']);
      expect(problems).toEqual([]);
      const again = await dynamicZone('example.net', { store: open(schema) });
      expect([again.serial, again.get('www', 'A')]).toEqual([3, ['192.0.2.2']]);
    },
  );

  test.each(['', 'Zones', '1st', 'a-b', 'a"b', 'pg_zones', 'x'.repeat(64)])(
    'a schema cannot be called "%s"',
    (schema) => {
      expect(() => postgres(cluster.url, { schema })).toThrow(
        expect.objectContaining({ code: 'HAWSER_DNS_OPTIONS' }),
      );
    },
  );

  test('what a person inserts, updates and deletes by SQL is served with a new serial', async () => {
    const store = open();
    const { zone } = await serve(store);
    await zone.set('www', 'A', '192.0.2.1');
    let next = changed(zone);
    await sql(
      store,
      `INSERT INTO $schema.rrset (zone, name, type, ttl, data)
       SELECT id, 'Mail.example.net.', 'mx', 300, '{"10 www", "20 backup.example.org."}' FROM $schema.zone`,
    );
    // A name without a final dot is whole too: "www" is not in the zone, but MX may point anywhere.
    expect((await next).changes.map(({ type }) => type).toSorted((a, b) => a - b)).toEqual([
      Type.SOA,
      Type.MX,
    ]);
    expect([zone.serial, zone.get('mail')]).toMatchObject([3, { ttl: 300 }]);
    next = changed(zone);
    await sql(
      store,
      `UPDATE $schema.rrset SET data = '{192.0.2.8,192.0.2.9}' WHERE name = 'www.example.net'`,
    );
    await next;
    expect([zone.serial, zone.get('www', 'A')]).toEqual([4, ['192.0.2.8', '192.0.2.9']]);
    next = changed(zone);
    await sql(store, `DELETE FROM $schema.rrset WHERE type = 'MX'`);
    expect(await next).toMatchObject({ from: 4, to: 5 });
    expect(zone.get('mail')).toBeUndefined();
    const journal = await zone.journal(1);
    expect(journal?.map(({ from, to }) => [from, to])).toEqual([
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 5],
    ]);
    expect(await store.find(origin)).toMatchObject({ serial: 5, edits: 0 });
    const { rows } = await sql(store, `SELECT data FROM $schema.rrset WHERE type = 'SOA'`);
    expect(rows[0].data[0]).toMatch(/^ns1\.example\.net\. hostmaster\.example\.net\. 5 /);
    // And it goes on from there.
    await zone.set('www', 'A', '192.0.2.10');
    expect(zone.serial).toBe(6);
  });

  test('a serial that a person wrote is kept if it is later', async () => {
    const store = open();
    const { zone } = await serve(store);
    await listening(store).toBe(1);
    const next = changed(zone);
    await sql(
      store,
      `UPDATE $schema.rrset SET data = '{"ns1.example.net. h.example.net. 2026112300 1 2 3 4"}'
       WHERE type = 'SOA'`,
    );
    expect(await next).toMatchObject({ from: 1, to: 2_026_112_300 });
    expect(await store.find(origin)).toMatchObject({ serial: 2_026_112_300, edits: 0 });
  });

  test('what was edited while nobody served it gets a serial, and a new journal', async () => {
    const first = open();
    const zone = await dynamicZone('example.net', { store: first });
    await zone.set('www', 'A', '192.0.2.1');
    await first.close();
    const store = open(schemaOf.get(first));
    await sql(first, `UPDATE $schema.rrset SET data = '{192.0.2.2}' WHERE type = 'A'`);
    const { zone: again } = await serve(store);
    expect([again.serial, again.get('www', 'A')]).toEqual([3, ['192.0.2.2']]);
    expect(await again.journal(2)).toBeUndefined();
    expect(await store.find(origin)).toMatchObject({ serial: 3, edits: 0 });
  });

  test('hooks add to what a person changes', async () => {
    const store = open();
    const mark = createRRset(Name.parse('mark.example.net'), Type.TXT, { ttl: 1, values: ['x'] });
    const { zone } = await serve(store, {
      hooks: [
        (_, after) =>
          after.get(Name.parse('www.example.net'), Type.A) === undefined
            ? []
            : [{ name: mark.name, type: mark.type, rrset: mark }],
      ],
    });
    const next = changed(zone);
    await sql(
      store,
      `INSERT INTO $schema.rrset SELECT id, 'www.example.net', 'A', 60, '{192.0.2.1}' FROM $schema.zone`,
    );
    expect((await next).changes).toHaveLength(3);
    expect(zone.get('mark', 'TXT')).toEqual(['x']);
    // What the hook made is written back when somebody deletes it.
    const again = changed(zone);
    await sql(store, `DELETE FROM $schema.rrset WHERE type = 'TXT'`);
    await sql(store, `UPDATE $schema.rrset SET ttl = 61 WHERE type = 'A'`);
    await again;
    await expect
      .poll(
        async () => (await sql(store, `SELECT 1 FROM $schema.rrset WHERE type = 'TXT'`)).rowCount,
      )
      .toBe(1);
  });

  test('a mistake of a person is reported, and what was served stays until it is mended', async () => {
    const store = open();
    const { zone, problems } = await serve(store);
    await zone.set('www', 'A', '192.0.2.1');
    await sql(store, `UPDATE $schema.rrset SET data = '{192.0.2.256}' WHERE type = 'A'`);
    await expect
      .poll(() => problems[0])
      .toMatchObject({ name: 'StoreError', code: 'HAWSER_STORE_IO' });
    expect(zone.get('www', 'A')).toEqual(['192.0.2.1']);
    await expect(zone.set('x', 'A', '192.0.2.1')).rejects.toMatchObject({
      code: 'HAWSER_STORE_IO',
    });
    const next = changed(zone);
    await sql(store, `UPDATE $schema.rrset SET data = '{192.0.2.2}' WHERE type = 'A'`);
    await next;
    expect(zone.get('www', 'A')).toEqual(['192.0.2.2']);
    await zone.set('x', 'A', '192.0.2.1');
  });

  test('several processes change one zone: no change is lost, and each hears of all', async () => {
    const store = open();
    const schema = schemaOf.get(store);
    const zones = [await serve(store), await serve(open(schema)), await serve(open(schema))];
    const counter = Name.parse('count.example.net');
    await Promise.all(
      zones.flatMap(({ zone }) =>
        Array.from({ length: 20 }, async () => {
          await zone.transact((seen) => {
            const text = seen.get(counter, Type.TXT)?.records[0]?.wire.toString('latin1', 1) ?? '0';
            const rrset = createRRset(counter, Type.TXT, {
              ttl: 1,
              values: [`${Number(text) + 1}`],
            });
            return { edits: [{ name: counter, type: Type.TXT, rrset }], result: undefined };
          });
        }),
      ),
    );
    for (const { zone } of zones) await expect.poll(() => zone.get('count', 'TXT')).toEqual(['60']);
    expect(new Set(zones.map(({ zone }) => zone.serial)).size).toBe(1);
    expect(zones.flatMap(({ problems }) => problems)).toEqual([]);
  });

  test('a transaction that somebody left open refuses updates after a while', async () => {
    const store = open(undefined, { lockTimeoutMs: 50 });
    const { zone } = await serve(store);
    const left = await person.connect();
    await left.query(`BEGIN; UPDATE ${schemaOf.get(store)}.rrset SET ttl = 7`);
    await expect(zone.set('x', 'A', '192.0.2.1')).rejects.toMatchObject({
      code: 'HAWSER_STORE_LOCKED',
    });
    await left.query('ROLLBACK');
    left.release();
    await zone.set('x', 'A', '192.0.2.1');
    expect(zone.serial).toBe(2);
  });

  test('a database that crashes refuses updates, and is used again when it is back', async () => {
    const store = open();
    const { zone, problems } = await serve(store);
    await zone.set('x', 'A', '192.0.2.1');
    await listening(store).toBe(1);
    await cluster.kill();
    await expect(zone.set('x', 'A', '192.0.2.2')).rejects.toMatchObject({
      name: 'StoreError',
      code: 'HAWSER_STORE_IO',
    });
    expect(zone.get('x', 'A')).toEqual(['192.0.2.1']);
    await cluster.restart();
    await zone.set('x', 'A', '192.0.2.3');
    expect(zone.get('x', 'A')).toEqual(['192.0.2.3']);
    const next = changed(zone);
    await sql(store, `UPDATE $schema.rrset SET data = '{192.0.2.4}' WHERE type = 'A'`);
    await next;
    expect(zone.get('x', 'A')).toEqual(['192.0.2.4']);
    expect(problems[0]).toMatchObject({ name: 'StoreError' });
  });

  test('a database that says nothing any more refuses updates after a while', async () => {
    const name = `silent${++schemas}`;
    const url = `${cluster.url}&application_name=${name}`;
    const store = postgres(url, { schema: name, queryTimeoutMs: 1_000 });
    const zone = await dynamicZone('example.net', { store });
    closing.push(() => store.close());
    const { rows } = await person.query(
      'SELECT pid FROM pg_stat_activity WHERE application_name = $1',
      [name],
    );
    const pids = rows.map(({ pid }: { pid: number }) => pid);
    expect(pids).not.toEqual([]);
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    try {
      await expect(zone.set('x', 'A', '192.0.2.1')).rejects.toMatchObject({
        name: 'StoreError',
        code: 'HAWSER_STORE_IO',
      });
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    }
    await zone.set('x', 'A', '192.0.2.2');
    expect(zone.get('x', 'A')).toEqual(['192.0.2.2']);
  });

  test('a pool of yours is used, and not ended', async () => {
    const pool = new pg.Pool({ connectionString: cluster.url });
    const store = postgres(pool, { schema: `s${++schemas}` });
    await dynamicZone('example.net', { store });
    await store.close();
    await expect(store.list()).rejects.toMatchObject({ code: 'HAWSER_STORE_IO' });
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await pool.end();
  });

  test('tables of a later version are left alone', async () => {
    const store = open();
    await store.list();
    await sql(store, 'UPDATE $schema.version SET version = 2');
    await store.close();
    const later = open(schemaOf.get(store));
    await expect(later.list()).rejects.toMatchObject({
      code: 'HAWSER_STORE_IO',
      message: expect.stringContaining('version 2'),
    });
    await later.close();
  });

  test('a database that is not there is said to be, without its password', async () => {
    const store = postgres('postgresql://nobody:secret-word@127.0.0.1:1/none');
    const failure = await store.list().catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'StoreError', code: 'HAWSER_STORE_IO' });
    expect(JSON.stringify(failure) + String(failure)).not.toContain('secret-word');
    await store.close();
  });

  test.each(['', 'a b', 'x'.repeat(64), 'A', '1a', 'a"b'])('"%s" is no schema', (schema) => {
    expect(() => postgres(cluster.url, { schema })).toThrow(
      expect.objectContaining({ code: 'HAWSER_DNS_OPTIONS' }),
    );
  });

  const kills = Number(process.env['HAWSER_DNS_KILLS'] ?? 3);
  test(`a process killed ${kills} times keeps every acknowledged update, and nothing half done`, {
    timeout: 60_000 + kills * 20_000,
  }, async () => {
    const random = new SeededRandom(kills);
    const report = await survivesKills({
      kind: 'postgres',
      where: cluster.url,
      kills,
      open: () => postgres(cluster.url),
      random: () => random.float(),
    });
    expect(report.acknowledged).toBeGreaterThan(kills);
    if (process.env['HAWSER_DNS_KILLS'] !== undefined) process.stdout.write(JSON.stringify(report));
  });
});
