import { type AsyncHook, createHook } from 'node:async_hooks';
import { disposeOnce } from '../dispose-once.ts';

/** Files, name lookups and queries. */
const SYSTEM_WORK = /^(?:FSREQ|GETADDRINFO|GETNAMEINFO|QUERYWRAP)/;
/** Cryptography; the requests of HTTP are something else. */
const CRYPTO_WORK = /^(?!HTTP).*REQUEST$/;

/**
 * Counts work of node's thread pool that has begun and not ended, while somebody watches. Files, name lookups and
 * cryptography can be seen; compression cannot.
 */
export class PoolWatch {
  /** By async id: the job, if it is one that may be synchronous. */
  readonly #pending = new Map<number, object | undefined>();
  #hook: AsyncHook | undefined;
  #watchers = 0;

  get pending(): number {
    for (const [id, job] of this.#pending) {
      // Synchronous cryptography makes the same objects and never says that it is done: it has no callback.
      if (job && !('ondone' in job)) this.#pending.delete(id);
    }
    return this.#pending.size;
  }

  /** Watches until disposed. It makes every promise of the process a little dearer, so not longer than needed. */
  watch(): Disposable {
    this.#watchers += 1;
    this.#hook ??= createHook({
      init: (id, type, _, job) => {
        if (SYSTEM_WORK.test(type)) this.#pending.set(id, undefined);
        else if (CRYPTO_WORK.test(type)) this.#pending.set(id, job);
      },
      after: (id) => void this.#pending.delete(id),
    });
    if (this.#watchers === 1) this.#hook.enable();
    return disposeOnce(() => {
      this.#watchers -= 1;
      if (this.#watchers > 0) return;
      this.#hook?.disable();
      this.#pending.clear();
    });
  }
}
