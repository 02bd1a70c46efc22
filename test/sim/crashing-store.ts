import type { SimHost } from '@hawser/core';
import type { SeededRandom } from '@hawser/core/testing';
import type { ZoneStore } from '@hawser/dns';

/** How a {@link crashingStore} writes. */
export interface CrashingStoreOptions {
  readonly random: SeededRandom;
  /** Planted: says that a change is durable before it is. */
  readonly hasty?: boolean | undefined;
}

const MAX_WRITE_MS = 30;
/** Of one that nobody waits for. */
const HASTY_WRITE_MS = 500;

/**
 * A store on a disk that survives the host: `disk` is what is written. Writing takes time, and what is in the middle of it
 * when the host crashes is written or not, and never acknowledged. Make a new one with the same disk when the host is back.
 */
export function crashingStore(
  { clock }: SimHost,
  disk: ZoneStore,
  { random, hasty = false }: CrashingStoreOptions,
): ZoneStore {
  // The calls of a host that crashed do not come.
  const later = (mostMs = MAX_WRITE_MS): Promise<void> =>
    new Promise((resume) => {
      clock.callLater(random.float() * mostMs, resume);
    });
  const commit: ZoneStore['commit'] = async (...change) => {
    const writing = later(hasty ? HASTY_WRITE_MS : MAX_WRITE_MS).then(() => disk.commit(...change));
    if (hasty) {
      writing.catch(() => undefined);
      return;
    }
    await writing;
    await later();
  };
  return {
    list: () => disk.list(),
    find: (origin) => disk.find(origin),
    load: async (origin) => {
      await later();
      return disk.load(origin);
    },
    leases: (origin) => disk.leases(origin),
    commit,
    journal: (origin, serial) => disk.journal(origin, serial),
    delete: (origin) => disk.delete(origin),
    watch: (reactor, listener) => disk.watch(reactor, listener),
    bucket: (name) => disk.bucket(name),
    close: async () => undefined,
  };
}
