import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import type { Has } from '../contract/reactor.ts';
import { ConnectionError } from '../errors.ts';
import { RepeatedReport } from './repeated-report.ts';

const LOOK_EVERY_MS = 1_000;
/** Below this the loop has time to rest, so it does not spin. */
const BUSY = 0.5;
const BRAKE_MS = 2;
const LOOK_WHILE_BRAKING_MS = 50;

/** How {@link DescriptorWatch} knows the state of the process. */
export interface DescriptorProbes {
  /** Share of its time that the loop was at work since the last call, 0 to 1. */
  utilization(): number;
  /** No file can be opened. */
  exhausted(): boolean;
}

/**
 * Keeps the process calm when it has no descriptor left to accept with, because something else than connections took
 * them all. libuv then tries to accept in a busy loop, without an event in JavaScript, until a descriptor is free. So
 * this looks once a second, while ports listen, whether the loop is busy and no file can be opened; if so it reports
 * that, and lets every turn of the loop wait for two milliseconds until there are descriptors again. Connections wait in
 * the queue of the kernel meanwhile.
 */
export class DescriptorWatch {
  readonly #probes: DescriptorProbes;
  readonly #report: RepeatedReport;
  readonly #cell = new Int32Array(new SharedArrayBuffer(4));
  #ports = 0;
  #timer: NodeJS.Timeout | undefined;
  #braking = false;
  #lookAt = 0;

  constructor(reactor: Has<'clock' | 'reports'>, probes: DescriptorProbes = processProbes()) {
    this.#probes = probes;
    this.#report = new RepeatedReport(reactor, 'accept');
  }

  /** A port listens. */
  begin(): void {
    this.#ports += 1;
    if (this.#timer) return;
    this.#probes.utilization();
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  /** A port listens no more. */
  end(): void {
    this.#ports -= 1;
    if (this.#ports > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    if (this.#probes.utilization() < BUSY || !this.#probes.exhausted()) return;
    this.#report.happened(
      () =>
        new ConnectionError(
          'HAWSER_BUDGET',
          'Cannot accept connections as the process has no descriptors left',
        ),
    );
    if (this.#braking) return;
    this.#braking = true;
    this.#brake();
  }

  #brake(): void {
    Atomics.wait(this.#cell, 0, 0, BRAKE_MS);
    const now = performance.now();
    if (now >= this.#lookAt) {
      this.#lookAt = now + LOOK_WHILE_BRAKING_MS;
      if (!this.#timer || !this.#probes.exhausted()) {
        this.#braking = false;
        return;
      }
    }
    setImmediate(() => this.#brake());
  }
}

function processProbes(): DescriptorProbes {
  let last: EventLoopUtilization | undefined;
  return {
    utilization() {
      const now = performance.eventLoopUtilization();
      const { utilization } = last ? performance.eventLoopUtilization(now, last) : now;
      last = now;
      return utilization;
    },
    exhausted() {
      try {
        closeSync(openSync(devNull, 'r'));
        return false;
      } catch (thrown) {
        const { code } = thrown as NodeJS.ErrnoException;
        return code === 'EMFILE' || code === 'ENFILE';
      }
    },
  };
}
