import type { Has } from '@hawser/core';
import type { ResponseHeadRead } from '../contract/message-head.ts';
import { type Progress, ProgressMeter } from './progress.ts';
import type { RunOptions } from './run-options.ts';

/** What the caller of a request wants to hear while it goes on. What its functions throw is reported. */
export class CallerEars {
  readonly #reactor: Has<'clock' | 'reports'>;
  readonly #options: Pick<RunOptions, 'onInterim' | 'onProgress'>;

  constructor(
    reactor: Has<'clock' | 'reports'>,
    options: Pick<RunOptions, 'onInterim' | 'onProgress'>,
  ) {
    this.#reactor = reactor;
    this.#options = options;
  }

  interim(head: ResponseHeadRead): void {
    const { onInterim } = this.#options;
    if (onInterim) this.#tell(() => onInterim(head.status, head.fields));
  }

  /** For one direction; `undefined` if nobody wants to know. */
  meter(direction: Progress['direction'], total: number | undefined): ProgressMeter | undefined {
    const { onProgress } = this.#options;
    if (!onProgress) return undefined;
    const tell = (progress: Progress): void => this.#tell(() => onProgress(progress));
    return new ProgressMeter(this.#reactor.clock, tell, { direction, total });
  }

  #tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#reactor.reports.problem('http.request', error);
    }
  }
}
