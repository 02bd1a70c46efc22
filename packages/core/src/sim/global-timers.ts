import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import promises from 'node:timers/promises';
import { promisify } from 'node:util';
import { disposeOnce } from '../dispose-once.ts';
import { UsageError } from '../errors.ts';
import type { CallOwner } from './scheduled-call.ts';
import type { Timeline } from './timeline.ts';
import { VirtualTimeout } from './virtual-timeout.ts';

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
    return disposeOnce(() => {
      this.#captures -= 1;
      if (this.#captures > 0) return;
      capturedBy = undefined;
      this.#restore?.();
      this.#restore = undefined;
    });
  }

  #replace(): () => void {
    const make = (call: Call, ms: unknown, args: unknown[], repeats: boolean): VirtualTimeout => {
      if (typeof call !== 'function') {
        const what = 'The "callback" argument must be of type function';
        throw Object.assign(new TypeError(what), { code: 'ERR_INVALID_ARG_TYPE' });
      }
      return new VirtualTimeout({
        timeline: this.#timeline,
        owner: this.#owner,
        call: () => call(...args),
        ms,
        repeats,
      });
    };
    const setTimeout = Object.assign(
      (call: Call, ms?: unknown, ...args: unknown[]) => make(call, ms, args, false),
      { [promisify.custom]: (ms?: unknown, value?: unknown) => sleep(ms, value) },
    );
    const sleep = (ms?: unknown, value?: unknown, options: SleepOptions = {}): Promise<unknown> =>
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
    async function* ticks(
      ms?: unknown,
      value?: unknown,
      { signal }: SleepOptions = {},
    ): AsyncGenerator<unknown, void> {
      let due = 0;
      let heard: (() => void) | undefined;
      const tick = (): void => {
        due += 1;
        heard?.();
      };
      const hear = (): void => heard?.();
      const timer = make(tick, ms, [], true);
      signal?.addEventListener('abort', hear);
      try {
        for (;;) {
          if (signal?.aborted) throw abortError(signal);
          for (; due > 0; due--) yield value;
          await new Promise<void>((done) => {
            heard = done;
            if (due > 0 || signal?.aborted) done();
          });
        }
      } finally {
        timer.close();
        signal?.removeEventListener('abort', hear);
      }
    }
    const real = { clearTimeout: timers.clearTimeout, clearInterval: timers.clearInterval };
    const clear =
      (realClear: (timer?: NodeJS.Timeout | string | number) => void) =>
      (timer?: unknown): void => {
        const virtual = VirtualTimeout.of(timer);
        if (virtual) virtual.close();
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
      replace(promises, { setTimeout: sleep, setInterval: ticks }),
      replace(promises.scheduler, {
        wait: (ms: unknown, options?: SleepOptions) => sleep(ms, undefined, options),
      }),
    ];
    syncBuiltinESMExports();
    return () => {
      for (const each of undo) each();
      syncBuiltinESMExports();
    };
  }
}

interface SleepOptions {
  readonly signal?: AbortSignal;
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
