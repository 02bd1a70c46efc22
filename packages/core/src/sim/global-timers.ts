import { AsyncLocalStorage } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import promises from 'node:timers/promises';
import { promisify } from 'node:util';
import type { DelayedCall } from '../contract/clock.ts';
import { UsageError } from '../errors.ts';
import type { CallOwner } from './scheduled-call.ts';
import type { Timeline } from './timeline.ts';

type Call = (...args: unknown[]) => void;

/** Only one virtual time can stand behind the globals of a process. */
let capturedBy: symbol | undefined;

/**
 * Puts virtual timers in the place of `setTimeout`, `setInterval` and their `clear` functions, for borrowed libraries
 * that know no reactor: in `globalThis`, `node:timers` and `node:timers/promises`, for CommonJS and for modules.
 * `setImmediate` stays, as turns of the loop are real. Out of reach: references taken before the capture,
 * `AbortSignal.timeout`, `Date`, and what node does in native code.
 */
export class GlobalTimers {
  readonly #timeline: Timeline;
  readonly #owner: CallOwner;
  readonly #name = Symbol('timers');
  #captures = 0;
  #restore: (() => void) | undefined;

  constructor(timeline: Timeline, owner: CallOwner) {
    this.#timeline = timeline;
    this.#owner = owner;
  }

  /**
   * Captures the timers until disposed. Nests. A timer made meanwhile stays virtual, and can be cleared afterwards.
   * @throws UsageError `HAWSER_BUSY` if another simulation has captured them
   */
  capture(): Disposable {
    if (capturedBy !== undefined && capturedBy !== this.#name) {
      throw new UsageError(
        'HAWSER_BUSY',
        'Cannot capture the timers of the process as another simulation has them',
      );
    }
    capturedBy = this.#name;
    this.#captures += 1;
    this.#restore ??= this.#replace();
    let captured = true;
    return {
      [Symbol.dispose]: () => {
        if (!captured) return;
        captured = false;
        this.#captures -= 1;
        if (this.#captures > 0) return;
        capturedBy = undefined;
        this.#restore?.();
        this.#restore = undefined;
      },
    };
  }

  #replace(): () => void {
    const make = (call: Call, ms: unknown, args: unknown[], repeats: boolean): VirtualTimeout =>
      new VirtualTimeout({
        timeline: this.#timeline,
        owner: this.#owner,
        call: () => call(...args),
        ms: Math.max(1, Math.trunc(Number(ms)) || 1),
        repeats,
      });
    const setTimeout = Object.assign(
      (call: Call, ms?: unknown, ...args: unknown[]) => make(call, ms, args, false),
      { [promisify.custom]: (ms?: unknown, value?: unknown) => sleep(ms, value) },
    );
    const sleep = (
      ms?: unknown,
      value?: unknown,
      options: { readonly signal?: AbortSignal } = {},
    ): Promise<unknown> =>
      new Promise((done, failed) => {
        const { signal } = options;
        if (signal?.aborted) {
          failed(abortError(signal));
          return;
        }
        const timer = make(() => settle(() => done(value)), ms, [], false);
        const aborted = (): void => settle(() => failed(abortError(signal)));
        const settle = (settled: () => void): void => {
          timer.close();
          signal?.removeEventListener('abort', aborted);
          settled();
        };
        signal?.addEventListener('abort', aborted);
      });
    const real = { clearTimeout: timers.clearTimeout, clearInterval: timers.clearInterval };
    const clear =
      (realClear: (timer?: NodeJS.Timeout | string | number) => void) =>
      (timer?: unknown): void => {
        if (timer instanceof VirtualTimeout) timer.close();
        // One that was made before the capture.
        else realClear(timer as NodeJS.Timeout | undefined);
      };
    const virtual = {
      setTimeout,
      setInterval: (call: Call, ms?: unknown, ...args: unknown[]) => make(call, ms, args, true),
      clearTimeout: clear(real.clearTimeout),
      clearInterval: clear(real.clearInterval),
    };
    const undo = [
      replace(globalThis, virtual),
      replace(timers, virtual),
      replace(promises, { setTimeout: sleep }),
    ];
    syncBuiltinESMExports();
    return () => {
      for (const each of undo) each();
      syncBuiltinESMExports();
    };
  }
}

/** Puts `values` into `target`; what it gives puts back what was there. */
function replace(target: object, values: Readonly<Record<string, unknown>>): () => void {
  const before = Object.keys(values).map(
    (name) => [name, Object.getOwnPropertyDescriptor(target, name)] as const,
  );
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(target, name, {
      value,
      writable: true,
      configurable: true,
      enumerable: true,
    });
  }
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(target, name, descriptor);
      else Reflect.deleteProperty(target, name);
    }
  };
}

function abortError(signal: AbortSignal | undefined): Error {
  return Object.assign(new Error('The operation was aborted', { cause: signal?.reason }), {
    name: 'AbortError',
    code: 'ABORT_ERR',
  });
}

interface VirtualTimeoutParts {
  readonly timeline: Timeline;
  readonly owner: CallOwner;
  readonly call: () => void;
  readonly ms: number;
  readonly repeats: boolean;
}

/** What looks like a `NodeJS.Timeout`. */
class VirtualTimeout implements Disposable {
  /** Tells node's own `clearTimeout`, which may be called after the capture, that there is nothing to unlink. */
  readonly _destroyed = true;
  readonly #parts: VirtualTimeoutParts;
  readonly #inScope: (call: () => void) => void = AsyncLocalStorage.snapshot();
  #scheduled: DelayedCall | undefined;
  #refers = true;

  constructor(parts: VirtualTimeoutParts) {
    this.#parts = parts;
    this.#arm();
  }

  ref(): this {
    this.#refers = true;
    return this;
  }
  unref(): this {
    this.#refers = false;
    return this;
  }
  hasRef(): boolean {
    return this.#refers;
  }
  refresh(): this {
    this.#scheduled?.cancel();
    this.#arm();
    return this;
  }
  close(): this {
    this.#scheduled?.cancel();
    this.#scheduled = undefined;
    return this;
  }
  /** Node's `clearTimeout` looks whether there is one, and sets it to null. */
  get _onTimeout(): (() => void) | null {
    return this.#scheduled ? this.#parts.call : null;
  }
  set _onTimeout(_: null) {
    this.close();
  }
  [Symbol.toPrimitive](): number {
    return 0;
  }
  [Symbol.dispose](): void {
    this.close();
  }

  #arm(): void {
    const { timeline, owner, ms } = this.#parts;
    const where = this.#parts.repeats ? 'setInterval' : 'setTimeout';
    this.#scheduled = timeline.after(ms, () => this.#fire(), { owner, where });
  }

  #fire(): void {
    this.#scheduled = undefined;
    if (this.#parts.repeats) this.#arm();
    this.#inScope(this.#parts.call);
  }
}
