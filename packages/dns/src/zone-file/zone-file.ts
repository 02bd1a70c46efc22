// A zone served from a file that somebody else writes.
import { stat } from 'node:fs/promises';
import {
  createNodeReactor,
  type DelayedCall,
  type Has,
  type Reactor,
  UsageError,
} from '@hawser/core';
import type { Answer } from '../contract/answer.ts';
import type { TransferableZone } from '../contract/live-zone.ts';
import type { DnsQuery } from '../contract/query.ts';
import { answerZone } from '../handlers/answer-zone.ts';
import { inTurns } from '../in-turns.ts';
import type { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import { checkJournal, DEFAULT_JOURNAL } from '../store/journal-limits.ts';
import type { JournalLimits } from '../store/zone-store.ts';
import { isSerialAfter } from '../zone/serial.ts';
import { type ChangeSet, type RRsetChange, Zone } from '../zone/zone.ts';
import { differenceOf } from '../zone/zone-difference.ts';
import { KeptChanges } from './kept-changes.ts';
import { toName } from './parse-zone.ts';
import type { ZoneFileProblem } from './problem.ts';
import { gatherZoneFile, type ReadZoneFileOptions } from './read-zone-file.ts';
import { ZoneFileError } from './zone-file-error.ts';

/** Options for {@link zoneFile}. */
export interface ZoneFileOptions extends Omit<ReadZoneFileOptions, 'origin' | 'check'> {
  /**
   * What a reload does where the content changed and the serial of the file is not after the one served: `"strict"`
   * refuses it, as secondaries would never see the change; `"forward"` serves it under the next serial. The file does not
   * learn of that: after a restart its own serial counts again.
   * @defaultValue `"strict"`
   */
  readonly serial?: 'strict' | 'forward' | undefined;
  /** How many changes are kept for IXFR. @defaultValue 1000 changes, 16 MiB */
  readonly journal?: JournalLimits | undefined;
  /**
   * Looks after the file this often, in milliseconds, while a server runs, and reloads it when it changed. Files it includes
   * are not looked after.
   * @defaultValue never
   */
  readonly pollMs?: number | undefined;
}

/**
 * Loads a zone from a file, to be served and transferred.
 * @throws ZoneFileError `HAWSER_DNS_ZONE_FILE` with all that is wrong in the file; StoreError `HAWSER_STORE_IO` if it cannot
 * be read; UsageError `HAWSER_DNS_NAME`, `HAWSER_DNS_OPTIONS`
 *
 * @example
 * const zone = await zoneFile('example.net', './example.net.zone');
 * process.on('SIGHUP', () => void zone.reload().catch(console.error));
 */
export async function zoneFile(
  origin: Name | string,
  path: string,
  options: ZoneFileOptions = {},
): Promise<ZoneFile> {
  const { pollMs } = options;
  if (pollMs !== undefined && !(pollMs >= 1)) {
    throw new UsageError(
      'HAWSER_DNS_OPTIONS',
      `Cannot watch a zone file as pollMs must be 1 or more: ${pollMs}`,
    );
  }
  checkJournal(options.journal);
  const { reactor = createNodeReactor() } = options;
  const source = { path, origin: toName(origin), options, reactor };
  const version = await versionOf(path);
  const { zone, warnings } = await load(source);
  return new ZoneFile(source, { zone, warnings, version });
}

/** A zone whose content is that of a file. Made by {@link zoneFile}. */
export class ZoneFile implements TransferableZone {
  readonly origin: Name;
  readonly #source: Source;
  readonly #kept: KeptChanges;
  readonly #listeners = new Set<(changeSet: ChangeSet) => void>();
  #loaded: Loaded;
  #reloading: Promise<unknown> = Promise.resolve();
  #reactor: Reactor | undefined;
  #timer: DelayedCall | undefined;

  constructor(source: Source, loaded: Loaded) {
    const { maxChanges, maxBytes } = source.options.journal ?? {};
    this.origin = source.origin;
    this.#source = source;
    this.#loaded = loaded;
    this.#kept = new KeptChanges({
      maxChanges: maxChanges ?? DEFAULT_JOURNAL.maxChanges,
      maxBytes: maxBytes ?? DEFAULT_JOURNAL.maxBytes,
    });
  }

  get snapshot(): Zone {
    return this.#loaded.zone;
  }

  /** What looks wrong in the file that is served, and does not keep it from being served. */
  get warnings(): readonly ZoneFileProblem[] {
    return this.#loaded.warnings;
  }

  handle(query: DnsQuery): Answer {
    return answerZone(this.#loaded.zone, query);
  }

  async journal(serial: number): Promise<readonly ChangeSet[] | undefined> {
    return serial === this.snapshot.serial ? [] : this.#kept.since(serial);
  }

  onChange(listener: (changeSet: ChangeSet) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /**
   * Reads the file again and serves what it says now. Gives the change, or undefined if there is none. What was served stays
   * where this rejects. Reloads happen one after another. Others have their turn every few milliseconds, but for what the
   * garbage collector of V8 takes at once: with a million names it stops the process twice for a quarter to half a second, as
   * it marks the objects of both versions. Where that is too long, load large zones in a process of its own, and transfer them.
   * @throws ZoneFileError `HAWSER_DNS_ZONE_FILE`, also for a serial that does not go forward; StoreError `HAWSER_STORE_IO`
   */
  reload(): Promise<ChangeSet | undefined> {
    const reloading = this.#reloading.then(() => this.#reload());
    this.#reloading = reloading.catch(() => undefined);
    return reloading;
  }

  started(reactor: Reactor): void {
    this.#reactor = reactor;
    this.#watch();
  }

  stopped(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#reactor = undefined;
  }

  async #reload(): Promise<ChangeSet | undefined> {
    const { path, options, reactor } = this.#source;
    // Before the file is read: what is written meanwhile is a later version.
    const version = await versionOf(path);
    this.#loaded = { ...this.#loaded, version };
    const { zone, warnings } = await load(this.#source);
    const before = this.snapshot;
    const changeSet = await differenceOf(before, zone, reactor);
    const later = isSerialAfter(zone.serial, before.serial);
    if (!later && options.serial !== 'forward' && changeSet.changes.length > 0)
      throw serialError(path, before, zone);
    const change = later ? { zone, changeSet } : forward(before, changeSet.changes);
    this.#loaded = { zone: change?.zone ?? before, warnings, version };
    if (change === undefined) return undefined;
    this.#kept.add(change.changeSet);
    for (const listener of this.#listeners) this.#tell(listener, change.changeSet);
    return change.changeSet;
  }

  /** Somebody who listens and fails does not make a reload fail. */
  #tell(listener: (changeSet: ChangeSet) => void, changeSet: ChangeSet): void {
    try {
      listener(changeSet);
    } catch (error) {
      if (this.#reactor === undefined) {
        queueMicrotask(() => {
          throw error;
        });
      } else this.#reactor.reports.problem('dns.zoneFile.changed', error);
    }
  }

  #watch(): void {
    const { pollMs } = this.#source.options;
    if (pollMs === undefined || this.#reactor === undefined) return;
    const reactor = this.#reactor;
    this.#timer = reactor.clock.callLater(pollMs, () => {
      this.#look()
        .catch((error: unknown) => reactor.reports.problem('dns.zoneFile.reload', error))
        .finally(() => {
          if (this.#reactor === reactor) this.#watch();
        });
    });
  }

  async #look(): Promise<void> {
    const version = await versionOf(this.#source.path);
    if (version !== this.#loaded.version) await this.reload();
  }
}

interface Source {
  readonly path: string;
  readonly origin: Name;
  readonly options: ZoneFileOptions;
  readonly reactor: Has<'clock'>;
}

interface Loaded {
  readonly zone: Zone;
  readonly warnings: readonly ZoneFileProblem[];
  /** What tells versions of the file apart; undefined where there is none. */
  readonly version: string | undefined;
}

async function load({ path, origin, options, reactor }: Source): Promise<Omit<Loaded, 'version'>> {
  const gatherer = await gatherZoneFile(path, { ...options, origin, reactor });
  const { errors, warnings } = gatherer;
  if (errors.length > 0) throw new ZoneFileError(path, errors);
  const making = Zone.builder(origin).finishing(gatherer.records);
  const zone = await inTurns(making, reactor);
  return { zone, warnings };
}

/** `before` with `changes` and the next serial; undefined if there is nothing but another serial. */
function forward(before: Zone, changes: readonly RRsetChange[]): ReturnType<Zone['change']> {
  const effective = changes.filter((each) => !isOnlySerial(each));
  return before.change(effective.map(({ name, type, after }) => ({ name, type, rrset: after })));
}

function serialError(path: string, before: Zone, after: Zone): ZoneFileError {
  const message = `Cannot serve the changes as the serial ${after.serial} is not after ${before.serial}`;
  return new ZoneFileError(path, [{ file: path, line: 1, column: 1, message }]);
}

/** True for a SOA that is as it was but for its serial. */
function isOnlySerial({ type, before, after }: RRsetChange): boolean {
  if (type !== Type.SOA || before?.ttl !== after?.ttl) return false;
  const [was, is] = [before, after].map((rrset) => {
    const wire = Buffer.from(rrset?.records[0]?.wire ?? []);
    return wire.fill(0, wire.length - 20, wire.length - 16);
  });
  return was !== undefined && is !== undefined && was.equals(is);
}

/** Time and size of the file. One that is not there has no version: reading it says why. */
async function versionOf(path: string): Promise<string | undefined> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return undefined;
  }
}
