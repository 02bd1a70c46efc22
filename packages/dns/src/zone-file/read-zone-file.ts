// Zone files on disk, read piece by piece: a large one neither fills memory nor keeps others waiting.
import { open, realpath, stat } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { type Clock, createNodeReactor, type Has } from '@hawser/core';
import { StoreError } from '../errors.ts';
import { inTurns } from '../in-turns.ts';
import type { Name } from '../name.ts';
import { checkZone } from './check-zone.ts';
import { finish, MAX_INCLUDE_DEPTH, type ParsedZone, toName } from './parse-zone.ts';
import { type IncludeRequest, SourceReader } from './source-reader.ts';
import { type GatherOptions, ZoneGatherer } from './zone-gatherer.ts';

/** Octets read at once. */
const PIECE_BYTES = 256 * 1024;

/** Options for {@link readZoneFile}. */
export interface ReadZoneFileOptions extends GatherOptions {
  /** Name of the zone: what names are relative to until an $ORIGIN says otherwise. */
  readonly origin: Name | string;
  /** Folder that files named by an $INCLUDE must be in, links followed. @defaultValue that of the file */
  readonly root?: string | undefined;
  /** Includes within includes. @defaultValue 8 */
  readonly maxIncludeDepth?: number | undefined;
  /** Most octets of all files together. @defaultValue 4 GiB */
  readonly maxBytes?: number | undefined;
  /** Whether the records must make a whole zone, with its SOA. @defaultValue true */
  readonly check?: boolean | undefined;
  /** Says when others have had their turn: a large zone is not checked in one go. @defaultValue one of Node */
  readonly reactor?: Has<'clock'> | undefined;
}

/**
 * Reads a zone file. A name in an $INCLUDE is relative to `root`. Mistakes in the files do not reject: all of them are
 * listed, up to 100.
 * @throws StoreError `HAWSER_STORE_IO` if the file itself cannot be read; UsageError `HAWSER_DNS_NAME` for a bad origin,
 * `HAWSER_DNS_OPTIONS`
 */
export async function readZoneFile(
  path: string,
  options: ReadZoneFileOptions,
): Promise<ParsedZone> {
  const { reactor = createNodeReactor() } = options;
  return inTurns(finish(await gatherZoneFile(path, { ...options, reactor })), reactor);
}

/** The same as it was gathered. */
export async function gatherZoneFile(
  path: string,
  options: ReadZoneFileOptions & { readonly reactor: Has<'clock'> },
): Promise<ZoneGatherer> {
  const gatherer = new ZoneGatherer(toName(options.origin), { ...options, file: path });
  try {
    await new FileReading(gatherer, options).read(path);
  } catch (error) {
    throw new StoreError('HAWSER_STORE_IO', `Cannot read zone file "${path}": ${reasonOf(error)}`, {
      cause: error,
    });
  }
  if (options.check ?? true) await inTurns(checkZone(gatherer), options.reactor);
  return gatherer;
}

/** A file and those it includes. */
class FileReading {
  readonly #gatherer: ZoneGatherer;
  readonly #clock: Pick<Clock, 'callSoon'>;
  readonly #maxDepth: number;
  readonly #root: string | undefined;
  #bytesLeft: number;

  constructor(
    gatherer: ZoneGatherer,
    options: ReadZoneFileOptions & { readonly reactor: Has<'clock'> },
  ) {
    this.#gatherer = gatherer;
    this.#clock = options.reactor.clock;
    this.#maxDepth = options.maxIncludeDepth ?? MAX_INCLUDE_DEPTH;
    this.#root = options.root;
    this.#bytesLeft = options.maxBytes ?? 2 ** 32;
  }

  read(path: string): Promise<void> {
    const { origin } = this.#gatherer;
    return this.#read(path, { origin, depth: 0, root: this.#root ?? dirname(path) });
  }

  async #read(path: string, source: Source): Promise<void> {
    const reader = new SourceReader(path, source.origin, this.#gatherer);
    const file = await open(path);
    try {
      for (let whole = false; !whole && !this.#gatherer.done; ) {
        // A piece of its own each time: what is left of the last one is still being read.
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(PIECE_BYTES));
        this.#bytesLeft -= bytesRead;
        if (this.#bytesLeft < 0) throw new Error('it is longer than allowed');
        whole = bytesRead === 0;
        reader.feed(buffer.subarray(0, bytesRead), whole);
        for (let wanted = reader.advance(); wanted !== undefined; wanted = reader.advance()) {
          if (wanted === 'more') await this.#turn();
          else await this.#include(wanted, source);
        }
      }
    } finally {
      await file.close();
    }
  }

  /** Lets others have their turn. */
  #turn(): Promise<void> {
    return new Promise((resume) => {
      this.#clock.callSoon(resume);
    });
  }

  async #include(wanted: IncludeRequest, { depth, root }: Source): Promise<void> {
    if (depth >= this.#maxDepth) {
      wanted.fail(`includes are nested ${this.#maxDepth} deep at most`);
      return;
    }
    try {
      const top = await realpath(root);
      const path = await realpath(resolve(root, wanted.file));
      if (!path.startsWith(top.endsWith(sep) ? top : top + sep)) {
        wanted.fail(`it is outside of "${root}"`);
        return;
      }
      // To open a pipe would wait for somebody to write.
      if (!(await stat(path)).isFile()) {
        wanted.fail('it is no file');
        return;
      }
      await this.#read(path, { origin: wanted.origin, depth: depth + 1, root });
    } catch (error) {
      wanted.fail(`it cannot be read: ${reasonOf(error)}`);
    }
  }
}

interface Source {
  readonly origin: Name;
  readonly depth: number;
  readonly root: string;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
