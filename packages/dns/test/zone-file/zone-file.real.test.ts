import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestReactor } from '@hawser/core/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { formatType } from '../../src/numbers.ts';
import type { ChangeSet } from '../../src/zone/zone.ts';
import { formatProblem } from '../../src/zone-file/problem.ts';
import { readZoneFile } from '../../src/zone-file/read-zone-file.ts';
import { zoneFile } from '../../src/zone-file/zone-file.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hawser-zone-file-'));
  path = join(folder, 'example.net.zone');
});
afterEach(() => rm(folder, { recursive: true }));

function zoneText(serial: number, ...lines: string[]): string {
  const head = [`@ 60 SOA ns1 host ${serial} 2 3 4 5`, '@ 60 NS ns1', 'ns1 60 A 192.0.2.1'];
  return `${[...head, ...lines].join('\n')}\n`;
}

/** What changed, without the SOA. */
function changesOf(changeSet: ChangeSet | undefined): string[] {
  return (changeSet?.changes ?? [])
    .map(({ name, type, before, after }) => {
      return `${name} ${formatType(type)} ${before?.records.length ?? 0} > ${after?.records.length ?? 0}`;
    })
    .filter((line) => !line.includes('SOA'));
}

describe('reading', () => {
  test('a file of several pieces is read as one', async () => {
    const lines = Array.from(
      { length: 30_000 },
      (_, index) => `host-${index} 60 TXT ( "number ${index}"\n )`,
    );
    await writeFile(path, `${zoneText(1, ...lines)}bad 60 A 1\n`);
    const { rrsets, errors } = await readZoneFile(path, { origin: 'example.net' });
    expect(rrsets).toHaveLength(30_003);
    expect(String(rrsets.at(-1)?.name)).toBe('host-29999.example.net');
    const problem = 'Cannot read the address of A as it is an IPv4 address: "1"';
    expect(errors.map(formatProblem)).toEqual([`${path}:60004:10: ${problem}`]);
  });

  test('includes are looked for in a folder, and nowhere else', async () => {
    const root = join(folder, 'root');
    await mkdir(join(root, 'sub'), { recursive: true });
    await writeFile(join(root, 'sub', 'a.inc'), 'a 60 A 192.0.2.7\n');
    await writeFile(join(folder, 'secret'), 'x 60 A 192.0.2.7\n');
    await symlink(join(folder, 'secret'), join(root, 'link'));
    const wanted = ['sub/a.inc', '../secret', join(folder, 'secret'), 'link', 'gone', '.'];
    await writeFile(path, zoneText(1, ...wanted.map((each) => `$INCLUDE ${each}`)));
    const { rrsets, errors } = await readZoneFile(path, { origin: 'example.net', root });
    expect(rrsets.map(({ name }) => String(name))).toContain('a.example.net');
    expect(rrsets).toHaveLength(4);
    expect(errors.map(({ line, message }) => `${line}: ${message.slice(0, 60)}`)).toEqual([
      expect.stringMatching(/^5: Cannot include "\.\.\/secret" as it is outside of/),
      expect.stringMatching(/^6: Cannot include/),
      expect.stringMatching(/^7: Cannot include "link" as it is outside of/),
      expect.stringMatching(/^8: Cannot include "gone" as it cannot be read: ENOENT/),
      expect.stringMatching(/^9: Cannot include/),
    ]);
  });

  test('a file that includes itself, or is too long, is an error', async () => {
    await writeFile(path, zoneText(1, '$INCLUDE example.net.zone'));
    const { errors } = await readZoneFile(path, { origin: 'example.net' });
    expect(errors.map(({ message }) => message)).toEqual([
      'Cannot include "example.net.zone" as includes are nested 8 deep at most',
    ]);
    await expect(readZoneFile(path, { origin: 'example.net', maxBytes: 10 })).rejects.toThrow(
      expect.objectContaining({
        code: 'HAWSER_STORE_IO',
        message: expect.stringMatching(/longer than allowed$/),
      }),
    );
    await expect(readZoneFile(`${path}.gone`, { origin: 'example.net' })).rejects.toThrow(
      expect.objectContaining({ code: 'HAWSER_STORE_IO' }),
    );
  });
});

describe('serving', () => {
  test('a reload serves what the file says now, and keeps the way there', async () => {
    await writeFile(path, zoneText(1, 'a 60 A 192.0.2.7', 'b 60 A 192.0.2.7'));
    const zone = await zoneFile('example.net', path);
    const heard: ChangeSet[] = [];
    const listening = zone.onChange((changeSet) => heard.push(changeSet));
    await expect(zone.reload()).resolves.toBeUndefined();
    await writeFile(path, zoneText(2, 'a 60 A 192.0.2.7', 'a 60 A 192.0.2.8', 'c 60 A 192.0.2.7'));
    const changes = ['a.example.net A 1 > 2', 'c.example.net A 0 > 1', 'b.example.net A 1 > 0'];
    expect(changesOf(await zone.reload())).toEqual(changes);
    await writeFile(path, zoneText(7));
    await zone.reload();
    expect(zone.snapshot.serial).toBe(7);
    expect(zone.snapshot.size).toBe(2);
    expect(heard.map(({ from, to }) => [from, to])).toEqual([
      [1, 2],
      [2, 7],
    ]);
    await expect(zone.journal(1)).resolves.toEqual(heard);
    await expect(zone.journal(2)).resolves.toEqual(heard.slice(1));
    await expect(zone.journal(7)).resolves.toEqual([]);
    await expect(zone.journal(3)).resolves.toBeUndefined();
    listening[Symbol.dispose]();
    await writeFile(path, zoneText(8));
    await zone.reload();
    expect(heard).toHaveLength(2);
  });

  test('a file with errors, or none, is not served: the old content stays', async () => {
    await writeFile(path, zoneText(1, 'a 60 A 1', 'b 60 A 2'));
    await expect(zoneFile('example.net', path)).rejects.toThrow(
      expect.objectContaining({
        code: 'HAWSER_DNS_ZONE_FILE',
        message: expect.stringMatching(/example\.net\.zone:4:8: Cannot read .* \(and 1 more\)$/),
        problems: [expect.objectContaining({ line: 4 }), expect.objectContaining({ line: 5 })],
      }),
    );
    await writeFile(path, zoneText(1));
    const zone = await zoneFile('example.net', path);
    await writeFile(path, zoneText(2, 'a 60 A 1'));
    await expect(zone.reload()).rejects.toThrow(
      expect.objectContaining({ code: 'HAWSER_DNS_ZONE_FILE' }),
    );
    await rm(path);
    await expect(zone.reload()).rejects.toThrow(
      expect.objectContaining({ code: 'HAWSER_STORE_IO' }),
    );
    expect(zone.snapshot.serial).toBe(1);
    await writeFile(path, zoneText(2, 'a 60 MX 1 b'));
    await zone.reload();
    expect(zone.snapshot.serial).toBe(2);
    expect(zone.warnings).toHaveLength(1);
  });

  test('content that changed under the same serial is refused, or served under the next', async () => {
    await writeFile(path, zoneText(5));
    const strict = await zoneFile('example.net', path);
    const forward = await zoneFile('example.net', path, { serial: 'forward' });
    await writeFile(path, zoneText(5, 'a 60 A 192.0.2.7'));
    await expect(strict.reload()).rejects.toThrow(/the serial 5 is not after 5$/);
    expect(strict.snapshot.serial).toBe(5);
    expect(changesOf(await forward.reload())).toEqual(['a.example.net A 0 > 1']);
    expect(forward.snapshot.serial).toBe(6);
    // The file is behind now, and unchanged.
    await expect(forward.reload()).resolves.toBeUndefined();
    await writeFile(path, zoneText(4, 'a 60 A 192.0.2.7'));
    await expect(forward.reload()).resolves.toBeUndefined();
    await writeFile(path, zoneText(4));
    await forward.reload();
    expect(forward.snapshot.serial).toBe(7);
    await writeFile(path, zoneText(9));
    await forward.reload();
    expect(forward.snapshot.serial).toBe(9);
  });

  test('a file that is looked after is reloaded when it changed, and a mistake in it is reported', async () => {
    await writeFile(path, zoneText(1));
    const zone = await zoneFile('example.net', path, { pollMs: 1000 });
    const reactor = createTestReactor();
    const reported = new Promise<unknown>((resolve) => {
      const reports = { problem: (_where: string, error: unknown) => resolve(error) };
      zone.started({ ...reactor, reports });
    });
    await writeFile(path, zoneText(2, 'a 60 A 1'));
    reactor.clock.advance(1000);
    expect(await reported).toMatchObject({ code: 'HAWSER_DNS_ZONE_FILE' });
    zone.stopped();
    zone.started(reactor);
    const changed = new Promise<ChangeSet>((resolve) => void zone.onChange(resolve));
    await writeFile(path, zoneText(3));
    reactor.clock.advance(1000);
    expect((await changed).to).toBe(3);
    zone.stopped();
    await writeFile(path, zoneText(4));
    reactor.clock.advance(5000);
    await zone.reload();
    expect(zone.snapshot.serial).toBe(4);
  });

  test('a large file is loaded and reloaded in turns', async () => {
    const { clock } = createTestReactor();
    const turns = vi.spyOn(clock, 'callSoon').mockImplementation((call) => queueMicrotask(call));
    const lines = Array.from({ length: 20_000 }, (_, index) => `host-${index} 60 A 192.0.2.7`);
    await writeFile(path, zoneText(1, ...lines));
    const zone = await zoneFile('example.net', path, { reactor: { clock } });
    // Twenty thousand names are checked, counted below their parents, put in order and into the zone.
    expect(turns.mock.calls.length).toBeGreaterThanOrEqual(20);
    turns.mockClear();
    await writeFile(path, zoneText(2, ...lines.slice(1)));
    expect(changesOf(await zone.reload())).toEqual(['host-0.example.net A 1 > 0']);
    // As well as those of both versions compared.
    expect(turns.mock.calls.length).toBeGreaterThanOrEqual(60);
    expect([zone.snapshot.size, zone.snapshot.serial]).toEqual([20_001, 2]);
  });

  test.each([
    ['a record each', Array.from({ length: 20_000 }, (_, index) => `host-${index} A 192.0.2.7`)],
    ['one that makes records', ['$GENERATE 1-20000 host-$ A 192.0.2.7']],
    ['comments', Array.from({ length: 20_000 }, (_, index) => `; host-${index} A 192.0.2.7`)],
  ])('lines are read in turns: %s', async (_, lines) => {
    const { clock } = createTestReactor();
    const turns = vi.spyOn(clock, 'callSoon').mockImplementation((call) => queueMicrotask(call));
    await writeFile(path, zoneText(1, '$TTL 60', ...lines));
    const options = { origin: 'example.net', check: false, reactor: { clock } };
    const { errors, rrsets } = await readZoneFile(path, options);
    expect(errors).toEqual([]);
    // What was gathered is handed out in turns as well.
    const others = rrsets.length / 2000;
    expect(turns.mock.calls.length).toBeGreaterThanOrEqual(10 + others);
  });

  test('the journal has limits', async () => {
    await writeFile(path, zoneText(1));
    const zone = await zoneFile('example.net', path, { journal: { maxChanges: 2 } });
    for (let serial = 2; serial <= 5; serial++) {
      await writeFile(path, zoneText(serial));
      await zone.reload();
    }
    await expect(zone.journal(3)).resolves.toHaveLength(2);
    await expect(zone.journal(2)).resolves.toBeUndefined();
  });
});
