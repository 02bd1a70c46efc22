import type { Clock } from '@hawser/core';

/** How far a transfer has come. */
export interface Progress {
  readonly direction: 'up' | 'down';
  /** Octets so far, before they are decoded. */
  readonly bytes: number;
  /** Octets in all, if known. */
  readonly total: number | undefined;
  /** Nothing more will follow in this direction. */
  readonly done: boolean;
}

/** Milliseconds between two reports of one direction. */
const INTERVAL_MS = 100;

/** Counts one direction and tells it now and then, and at its end. */
export class ProgressMeter {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #tell: (progress: Progress) => void;
  readonly #what: Pick<Progress, 'direction' | 'total'>;
  #bytes = 0;
  #toldAt: number;
  #done = false;

  constructor(
    clock: Pick<Clock, 'now'>,
    tell: (progress: Progress) => void,
    what: Pick<Progress, 'direction' | 'total'>,
  ) {
    this.#clock = clock;
    this.#tell = tell;
    this.#what = what;
    this.#toldAt = clock.now();
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    const now = this.#clock.now();
    if (now - this.#toldAt < INTERVAL_MS) return;
    this.#toldAt = now;
    this.#report(false);
  }

  done(): void {
    if (this.#done) return;
    this.#done = true;
    this.#report(true);
  }

  #report(done: boolean): void {
    this.#tell({ ...this.#what, bytes: this.#bytes, done });
  }
}
