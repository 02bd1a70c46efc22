import { memory } from '../../src/store/memory-store.ts';
import type { CommitOptions, ZoneStore } from '../../src/store/zone-store.ts';
import type { ChangeSet } from '../../src/zone/zone.ts';

/** A commit that waits for the test. */
export interface HeldCommit {
  readonly changeSet: ChangeSet;
  readonly options: CommitOptions;
  readonly go: () => void;
  /** The caller hears of a failure, whether the change is stored or not. */
  readonly fail: (error: Error, stored?: 'stored') => void;
}

/** A memory store whose commits wait for the test, or fail, as soon as `hold` was called. */
export function heldStore(inner: ZoneStore = memory()): {
  readonly store: ZoneStore;
  readonly held: readonly HeldCommit[];
  readonly hold: () => void;
  /** The commit with this number, when it has come. */
  readonly commit: (index: number) => Promise<HeldCommit>;
} {
  const held: HeldCommit[] = [];
  let holding = false;
  const store: ZoneStore = {
    list: () => inner.list(),
    find: (origin) => inner.find(origin),
    load: (origin) => inner.load(origin),
    leases: (origin) => inner.leases(origin),
    journal: (origin, serial) => inner.journal(origin, serial),
    delete: (origin) => inner.delete(origin),
    watch: (reactor, listener) => inner.watch(reactor, listener),
    bucket: (name) => inner.bucket(name),
    close: () => inner.close(),
    commit: (changeSet, options = {}) =>
      holding
        ? new Promise((resolve, reject) => {
            const go = (): void => resolve(inner.commit(changeSet, options));
            const fail = (error: Error, stored?: 'stored'): void => {
              if (stored !== undefined) void inner.commit(changeSet, options);
              reject(error);
            };
            held.push({ changeSet, options, go, fail });
          })
        : inner.commit(changeSet, options),
  };
  const commit = async (index: number): Promise<HeldCommit> => {
    for (let turn = 0; turn < 100 && held[index] === undefined; turn++) await Promise.resolve();
    // A large change is made in turns.
    for (let turn = 0; turn < 100 && held[index] === undefined; turn++)
      await new Promise((resume) => void setImmediate(resume));
    const found = held[index];
    if (found === undefined) throw new Error(`no commit ${index}`);
    return found;
  };
  return { store, held, commit, hold: () => void (holding = true) };
}
