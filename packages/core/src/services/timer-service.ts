import type { Reactor } from '../contract/reactor.ts';
import type { Service } from '../contract/service.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { fail } from '../deferred/fail.ts';
import { type LoopingCall, looping } from '../deferred/looping.ts';
import { succeed } from '../deferred/succeed.ts';
import { waitFor } from '../deferred/wait-for.ts';
import { callService } from './service-hook.ts';
import { stateError } from './state-error.ts';

/** Options for {@link timerService}. */
export interface TimerServiceOptions {
  /** @defaultValue such as "every 60000 ms" */
  readonly name?: string | undefined;
  /** Make the first call at the start, instead of one period later. @defaultValue false */
  readonly now?: boolean | undefined;
  /** Whether the calls go on after one that failed. It is reported either way. @defaultValue 'continue' */
  readonly onError?: 'continue' | 'stop' | undefined;
}

/**
 * A service that calls `work` every `periodMs` milliseconds, on a fixed grid and never twice at a time: a call that
 * takes longer skips the slots it covers. The signal is aborted when the service stops; the stop waits for the call
 * under way.
 *
 * @example await run(web, timerService(60_000, () => zone.expire(), { name: 'expire' }));
 */
export function timerService(
  periodMs: number,
  work: (signal: AbortSignal) => unknown,
  options: TimerServiceOptions = {},
): Service {
  return new TimerService(periodMs, work, options);
}

type State =
  | { readonly at: 'stopped' }
  | { readonly at: 'running'; readonly loop: LoopingCall; readonly stopping: AbortController }
  | { readonly at: 'stopping'; readonly stopped: Deferred<void> };

class TimerService implements Service {
  readonly name: string;
  readonly #periodMs: number;
  readonly #work: (signal: AbortSignal) => unknown;
  readonly #options: TimerServiceOptions;
  #state: State = { at: 'stopped' };

  constructor(
    periodMs: number,
    work: (signal: AbortSignal) => unknown,
    options: TimerServiceOptions,
  ) {
    const { name = `every ${periodMs} ms` } = options;
    if (!(periodMs > 0)) {
      throw new RangeError(`Cannot make a timer service as periodMs must be > 0: ${periodMs}`);
    }
    this.name = name;
    this.#periodMs = periodMs;
    this.#work = work;
    this.#options = options;
  }

  start(reactor: Reactor): Deferred<void> {
    if (this.#state.at !== 'stopped') return fail(stateError(this.name, 'start', this.#state.at));
    const { now, onError = 'continue' } = this.#options;
    const { clock, reports } = reactor;
    const stopping = new AbortController();
    const call = (): Deferred<unknown> =>
      callService(this, 'work', () => this.#work(stopping.signal)).addErrback((error) => {
        reports.problem(`${this.name}.work`, error);
        // A failure ends the loop.
        if (onError === 'stop') throw error;
      });
    const loop = looping(call, { clock, everyMs: this.#periodMs, now });
    this.#state = { at: 'running', loop, stopping };
    return succeed();
  }

  stop(): Deferred<void> {
    switch (this.#state.at) {
      case 'stopped':
        return succeed();
      case 'stopping':
        return waitFor(this.#state.stopped);
      case 'running': {
        const { loop, stopping } = this.#state;
        loop.stop();
        stopping.abort();
        const stopped = loop.done.addBoth(() => {
          this.#state = { at: 'stopped' };
        });
        if (stopped.peek().state === 'pending') this.#state = { at: 'stopping', stopped };
        return waitFor(stopped);
      }
    }
  }
}
