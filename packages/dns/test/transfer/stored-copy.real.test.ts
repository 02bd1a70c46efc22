// A copy of a zone over loopback, kept in a database file.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeReactor } from '@hawser/core';
import { CollectedReports } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import {
  type DynamicZone,
  dnsService,
  dynamicZone,
  propagated,
  type SecondaryZone,
  secondaryZone,
  sqlite,
  transfers,
} from '../../src/index.ts';
import { openSqlite } from '../../src/store/open-sqlite.ts';

test('a copy in a database is there at once when its server starts again, and goes on by changes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-copy-'));
  const reports = new CollectedReports();
  const reactor = createNodeReactor({ reports });
  const zone = await dynamicZone('example.net', { soa: { refresh: 3_600 } });
  await zone.change(
    Array.from({ length: 200 }, (_, index) => ({
      name: `h${index}`,
      type: 'A',
      values: '192.0.2.1',
    })),
  );
  const original = dnsService('127.0.0.1:0', [transfers(zone, { allow: ['127.0.0.1'] }), zone]);
  await original.start(reactor);
  const primaries = [`127.0.0.1:${original.address?.port}`];

  /** Runs a server with the copy, as a process would. */
  async function withCopy(work: (copy: SecondaryZone) => Promise<void>): Promise<void> {
    const store = sqlite(join(folder, 'copies.db'));
    const copy = secondaryZone('example.net', { primaries, store });
    const service = dnsService('127.0.0.1:0', [transfers(copy, { allow: ['127.0.0.1'] }), copy]);
    await service.start(reactor);
    try {
      await work(copy);
      const servers = [`127.0.0.1:${service.address?.port}`];
      await propagated(zone, { reactor, servers, timeoutMs: 20_000 });
    } finally {
      await service.stop();
      await store.close();
    }
  }

  function expectSame(copy: SecondaryZone, { snapshot }: DynamicZone): void {
    expect(copy.snapshot?.serial).toBe(snapshot.serial);
    expect(copy.snapshot?.size).toBe(snapshot.size);
  }

  try {
    await withCopy((copy) => copy.refresh());
    const first = zone.serial;
    await withCopy(async (copy) => {
      expectSame(copy, zone);
      await copy.refresh();
      await zone.change([{ name: 'h1', type: 'A' }]);
      await copy.refresh();
      expectSame(copy, zone);
      expect(copy.counters).toMatchObject({ whole: 0, changes: 1 });
    });
    await withCopy(async (copy) => {
      expectSame(copy, zone);
      expect(copy.state).toBe('good');
      const changes = await copy.journal(first);
      expect(changes?.map(({ from, to }) => [from, to])).toEqual([[first, zone.serial]]);
    });
    expect(reports.problems).toEqual([]);
  } finally {
    await original.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

test.each(['while it is served', 'while nobody serves it'])(
  'a copy that somebody changes by SQL %s is made anew: it is what the primary has',
  async (when) => {
    const folder = mkdtempSync(join(tmpdir(), 'hawser-copy-'));
    const reports = new CollectedReports();
    const reactor = createNodeReactor({ reports });
    const zone = await dynamicZone('example.net');
    const hosts = Array.from({ length: 20 }, (_, index) => `h${index}`);
    await zone.change(hosts.map((name) => ({ name, type: 'A', values: '192.0.2.1' })));
    const original = dnsService('127.0.0.1:0', [transfers(zone, { allow: ['127.0.0.1'] }), zone]);
    await original.start(reactor);
    const primaries = [`127.0.0.1:${original.address?.port}`];
    const path = join(folder, 'copies.db');
    const withCopy = async (work: (copy: SecondaryZone) => Promise<void>): Promise<void> => {
      const store = sqlite(path, { busyTimeoutMs: 5000 });
      const copy = secondaryZone('example.net', { primaries, store });
      const service = dnsService('127.0.0.1:0', copy);
      await service.start(reactor);
      try {
        await copy.refresh();
        await work(copy);
      } finally {
        await service.stop();
        await store.close();
      }
    };
    const change = (): void => {
      const person = openSqlite(path);
      person.exec('UPDATE rrset SET ttl = 77 WHERE type = 1');
      person.close();
    };
    try {
      await withCopy(async (copy) => {
        if (when === 'while nobody serves it') return;
        change();
        await zone.set('b', 'A', '192.0.2.2');
        await copy.refresh();
        await copy.refresh();
        expect(copy.snapshot?.serial).toBe(zone.serial);
      });
      if (when === 'while nobody serves it') change();
      // What is served next is what was stored.
      await withCopy(async (copy) => {
        const ttls = [...(copy.snapshot?.rrsets() ?? [])].map(({ ttl }) => ttl);
        expect(copy.snapshot?.serial).toBe(zone.serial);
        expect(ttls).not.toContain(77);
      });
    } finally {
      await original.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
