// Kills a program that changes a zone, again and again, and looks what is left of it each time.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect } from 'vitest';
import type { DynamicZone } from '../../src/store/dynamic-zone.ts';
import { dynamicZone } from '../../src/store/open-dynamic-zone.ts';
import type { ZoneStore } from '../../src/store/zone-store.ts';
import { isSerialAfter } from '../../src/zone/serial.ts';
import type { Zone } from '../../src/zone/zone.ts';
import {
  type Acknowledged,
  isLeased,
  NAMES,
  nameOf,
  valuesAfter,
  WRITERS,
} from './programs/steady-changes.ts';

const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const program = fileURLToPath(new URL('programs/change-steadily.ts', import.meta.url));

/** What is killed, and where it keeps its zone. */
export interface KillRun {
  readonly kind: 'sqlite' | 'postgres';
  readonly where: string;
  readonly kills: number;
  readonly open: () => ZoneStore | Promise<ZoneStore>;
  /** Told after each kill, when everything was found as it should be. */
  readonly survived?: (kills: number, report: KillReport) => void;
  /** Between 0 and 1: where the next kill falls. */
  readonly random: () => number;
}

/** What was seen over all. */
export interface KillReport {
  readonly acknowledged: number;
  /** Changes that were stored and not acknowledged any more. */
  readonly unheard: number;
  /** Journals that were followed from an older version to the newest. */
  readonly journals: number;
}

/** Most acknowledgements before a kill. */
const MAX_LINES = 400;
/** Older versions that are kept to be led to the newest. */
const MAX_VERSIONS = 5;

/** Runs and kills, and expects after each kill that nothing acknowledged is lost and nothing half done is left. */
export async function survivesKills(run: KillRun): Promise<KillReport> {
  const counts = new Map<string, number>();
  const versions: Zone[] = [];
  const report = { acknowledged: 0, unheard: 0, journals: 0 };
  let serial = 0;
  for (let kill = 0; kill < run.kills; kill++) {
    for (const line of await runAndKill(run, counts)) {
      expect(line.change).toBe((counts.get(line.name) ?? 0) + 1);
      counts.set(line.name, line.change);
      if (isSerialAfter(line.serial, serial)) serial = line.serial;
      report.acknowledged++;
    }
    const store = await run.open();
    const zone = await dynamicZone('example.net', { store });
    if (serial > 0) expect(isSerialAfter(serial, zone.serial)).toBe(false);
    serial = zone.serial;
    report.unheard += checkContent(zone, counts);
    for (const version of versions) {
      await checkJournal(zone, version);
      report.journals++;
    }
    // Some from long ago, and the last ones.
    if (versions.length === MAX_VERSIONS)
      versions.splice(Math.floor(run.random() * MAX_VERSIONS), 1);
    versions.push(zone.snapshot);
    await store.close();
    run.survived?.(kill + 1, report);
  }
  return report;
}

async function runAndKill(
  { kind, where, random }: KillRun,
  counts: ReadonlyMap<string, number>,
): Promise<Acknowledged[]> {
  const args = ['--import', loader, '--conditions=@hawser/source', program, kind, where];
  const state = JSON.stringify(Object.fromEntries(counts));
  const child = spawn(process.execPath, [...args, state], { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const closed = once(child, 'close');
  const lines: Acknowledged[] = [];
  // One of ten dies while it opens its zone or before its first change.
  const last = random() < 0.1 ? 0 : 1 + Math.floor(random() * MAX_LINES);
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== 'ready') lines.push(JSON.parse(line) as Acknowledged);
    if (lines.length === last) child.kill('SIGKILL');
  }
  const [, signal] = (await closed) as [number | null, string | null];
  if (signal !== 'SIGKILL') throw new Error(`the program ended by itself:\n${errors}`);
  return lines;
}

/** Gives how many changes are there that nobody was told of. */
function checkContent(zone: DynamicZone, counts: Map<string, number>): number {
  let unheard = 0;
  const leased = new Map<string, number>();
  for (const { name } of zone.leases()) leased.set(name, (leased.get(name) ?? 0) + 1);
  for (let writer = 0; writer < WRITERS; writer++)
    for (let index = 0; index < NAMES; index++) {
      const name = nameOf(writer, index);
      const acknowledged = counts.get(name) ?? 0;
      const found = zone.get(name, 'TXT') as string[] | undefined;
      // The one under way when it was killed may be stored or not, but whole.
      const isNext =
        JSON.stringify(found) === JSON.stringify(valuesAfter(name, acknowledged + 1)) &&
        JSON.stringify(found) !== JSON.stringify(valuesAfter(name, acknowledged));
      const change = isNext ? acknowledged + 1 : acknowledged;
      expect(found).toEqual(valuesAfter(name, change));
      const leases = leased.get(`${name}.example.net`) ?? 0;
      expect(leases).toBe(isLeased(change) ? (found?.length ?? 0) : 0);
      if (isNext) unheard++;
      counts.set(name, change);
    }
  return unheard;
}

async function checkJournal(zone: DynamicZone, version: Zone): Promise<void> {
  const journal = await zone.journal(version.serial);
  expect(journal).toBeDefined();
  let rebuilt = version;
  for (const { from, to, changes } of journal ?? []) {
    expect(rebuilt.serial).toBe(from);
    for (const { name, type, before } of changes)
      expect(textOf(rebuilt, { name, type })).toBe(before && formatRecords(before));
    const edits = changes.map(({ name, type, after }) => ({ name, type, rrset: after }));
    rebuilt = rebuilt.change(edits)?.zone ?? rebuilt;
    expect(rebuilt.serial).toBe(to);
  }
  expect(contentOf(rebuilt)).toEqual(contentOf(zone.snapshot));
}

type Owner = Pick<Parameters<Zone['change']>[0][number], 'name' | 'type'>;

function textOf(zone: Zone, { name, type }: Owner): string | undefined {
  const rrset = zone.get(name, type);
  return rrset && formatRecords(rrset);
}

function contentOf(zone: Zone): string[] {
  return [...zone.rrsets()]
    .map((rrset) => `${rrset.name.key} ${rrset.type} ${formatRecords(rrset)}`)
    .toSorted();
}

function formatRecords({
  ttl,
  records,
}: {
  readonly ttl: number;
  readonly records: readonly { readonly wire: Buffer }[];
}): string {
  return `${ttl} ${records
    .map(({ wire }) => wire.toString('hex'))
    .toSorted()
    .join(' ')}`;
}
