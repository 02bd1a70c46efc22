import { type AsyncHook, createHook } from 'node:async_hooks';

/** What node does outside of its event loop and can be seen: files, name lookups, cryptography; not compression. */
const POOL_WORK = /^(?:FSREQ|GETADDRINFO|GETNAMEINFO|QUERYWRAP)|^(?!HTTP).*REQUEST$/;

/** Counts work of the thread pool that has begun and not ended, while somebody watches. */
export class PoolWatch {
  readonly #pending = new Set<number>();
  #hook: AsyncHook | undefined;
  #watchers = 0;

  get pending(): number {
    return this.#pending.size;
  }

  /** Watches until disposed. It makes every promise of the process a little dearer, so not longer than needed. */
  watch(): Disposable {
    this.#watchers += 1;
    this.#hook ??= createHook({
      init: (id, type) => {
        if (POOL_WORK.test(type)) this.#pending.add(id);
      },
      after: (id) => void this.#pending.delete(id),
      destroy: (id) => void this.#pending.delete(id),
    });
    if (this.#watchers === 1) this.#hook.enable();
    return {
      [Symbol.dispose]: () => {
        this.#watchers -= 1;
        if (this.#watchers > 0) return;
        this.#hook?.disable();
        this.#pending.clear();
      },
    };
  }
}
