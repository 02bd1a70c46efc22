import type { SimHost } from '@hawser/core';
import type { SeededRandom } from '@hawser/core/testing';
import {
  type Bucket,
  type ChangeSet,
  memory,
  type RRset,
  type StoredContent,
  StoreError,
  type ZoneStore,
} from '@hawser/dns';

/**
 * How a disk is. `unsure`: a write fails, and what it wrote may be there or not. `full`: none succeeds. `slow`: they take
 * seconds. `unreadable`: no read succeeds. `holey`: steps are missing in what it tells of the past.
 */
export const DISK_MOODS = ['unsure', 'unsure', 'full', 'slow', 'unreadable', 'holey'] as const;
export type DiskMood = 'fine' | (typeof DISK_MOODS)[number];

/** How a {@link HostileDisk} is made. */
export interface HostileDiskOptions {
  readonly random: SeededRandom;
  /** Planted: says that a change is durable before it is. */
  readonly hasty?: boolean | undefined;
}

/** What a {@link HostileDisk} did to those who wrote. */
export interface DiskCounters {
  /** Writes that were reported as failed, and are there. */
  unknown: number;
  /** Writes and reads that failed. */
  failed: number;
}

const MAX_WRITE_MS = 30;
const MAX_SLOW_MS = 3_000;
/** Of a write that nobody waits for. */
const HASTY_WRITE_MS = 500;

/** The disk of a host, which survives it. What is written when the host crashes is there or not, and never acknowledged. */
export class HostileDisk {
  mood: DiskMood = 'fine';
  /** The next change is written, and reported as failed. */
  losesNextOutcome = false;
  readonly counters: DiskCounters = { unknown: 0, failed: 0 };
  /** What is written. */
  readonly content: ZoneStore = memory();
  readonly #random: SeededRandom;
  readonly #hasty: boolean;

  constructor({ random, hasty = false }: HostileDiskOptions) {
    this.#random = random;
    this.#hasty = hasty;
  }

  /** The store of one life of the host. */
  mount(host: SimHost): ZoneStore {
    const { content } = this;
    const read = <T>(work: () => Promise<T>): Promise<T> => this.#read(host, work);
    return {
      list: () => read(() => content.list()),
      find: (origin) => read(() => content.find(origin)),
      load: (origin) => read(async () => this.#torn(host, await content.load(origin))),
      leases: (origin) => read(() => content.leases(origin)),
      commit: async (...change) => {
        await this.#write(host, () => content.commit(...change));
        if (this.losesNextOutcome) throw this.#lostOutcome();
      },
      journal: (origin, serial) =>
        read(async () => this.#withHoles(await content.journal(origin, serial))),
      delete: (origin) => this.#write(host, () => content.delete(origin)),
      watch: (reactor, listener) => content.watch(reactor, listener),
      bucket: (name) => this.#bucket(host, content.bucket(name)),
      close: async () => undefined,
    };
  }

  #bucket(host: SimHost, bucket: Bucket): Bucket {
    return {
      get: (key) => this.#read(host, () => bucket.get(key)),
      put: (key, value) => this.#write(host, () => bucket.put(key, value)),
      replace: (key, replacement) => this.#write(host, () => bucket.replace(key, replacement)),
      delete: (key) => this.#write(host, () => bucket.delete(key)),
      list: (listing) => this.#read(host, () => bucket.list(listing)),
    };
  }

  async #read<T>(host: SimHost, work: () => Promise<T>): Promise<T> {
    await this.#busy(host, MAX_WRITE_MS / 3);
    if (this.mood === 'unreadable') throw this.#failure('read');
    return work();
  }

  async #write<T>(host: SimHost, work: () => Promise<T>): Promise<T> {
    if (this.#hasty) {
      this.#busy(host, HASTY_WRITE_MS)
        .then(work)
        .catch(() => undefined);
      return undefined as T;
    }
    await this.#busy(host, this.mood === 'slow' ? MAX_SLOW_MS : MAX_WRITE_MS);
    if (this.mood === 'full' || (this.mood === 'unsure' && this.#random.float() < 0.3))
      throw this.#failure('write');
    const made = await work();
    await this.#busy(host, MAX_WRITE_MS);
    if (this.mood !== 'unsure' || this.#random.float() < 0.5) return made;
    throw this.#lostOutcome();
  }

  #lostOutcome(): StoreError {
    this.losesNextOutcome = false;
    this.counters.unknown += 1;
    return this.#failure('say what became of what was written');
  }

  /** The calls of a host that crashed do not come. */
  #busy({ clock }: SimHost, mostMs: number): Promise<void> {
    return new Promise((resume) => {
      clock.callLater(this.#random.float() * mostMs, resume);
    });
  }

  /** The disk may fail in the middle of what is read. */
  #torn(host: SimHost, found: StoredContent | undefined): StoredContent | undefined {
    const { pages } = found ?? {};
    if (found === undefined || pages === undefined) return found;
    const read = async function* (disk: HostileDisk): AsyncGenerator<readonly RRset[]> {
      for await (const page of pages) yield await disk.#read(host, async () => page);
    };
    return { ...found, pages: read(this) };
  }

  #withHoles(changes: readonly ChangeSet[] | undefined): readonly ChangeSet[] | undefined {
    if (this.mood !== 'holey' || changes === undefined || changes.length < 2) return changes;
    return changes.toSpliced(Math.floor(this.#random.float() * (changes.length - 1)), 1);
  }

  #failure(what: string): StoreError {
    this.counters.failed += 1;
    const error = new StoreError('HAWSER_STORE_IO', `Cannot ${what} as the disk fails`);
    diskErrors.add(error);
    return error;
  }
}

const diskErrors = new WeakSet<object>();

/** True for what a disk threw, or what somebody made of it. */
export function isOfDisk(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (diskErrors.has(at)) return true;
  return false;
}
