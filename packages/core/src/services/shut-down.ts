import type { ShutdownPhase } from '../contract/lifecycle.ts';
import type { DrainReport } from '../contract/port.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { DrainReports, Service } from '../contract/service.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { fromPromise } from '../deferred/from-promise.ts';
import { callService } from './service-hook.ts';

/** What {@link shutDown} needs to know. */
export interface ShutDownOptions {
  readonly reactor: Reactor;
  /** How long work may take to finish, in milliseconds. */
  readonly graceMs: number;
  /** When it is fulfilled, what is left of quiesce and drain is skipped. */
  readonly force: Deferred<void>;
}

/** How a shutdown went. */
export interface ShutdownReport {
  /** How the connections ended that were open when the drain began, by protocol. */
  readonly drained: DrainReports;
  /** Connections, of all protocols, that ended by themselves. */
  readonly finished: number;
  /** Connections, of all protocols, that were cut off at the deadline or by a second signal. */
  readonly aborted: number;
  /** From the request to stop to the end of the last phase, in milliseconds. */
  readonly durationMs: number;
  /** Quiesce and drain were cut short by a second signal. */
  readonly forced: boolean;
  /** Phases, of services or of listeners, that failed or took too long; the reactor's reports have the details. */
  readonly failures: number;
  /** Every connection was given its time and finished, and nothing failed. */
  readonly clean: boolean;
}

/** How much longer than the drain deadline a phase may take before it is given up. */
const MARGIN_MS = 5_000;

/**
 * Stops a service in four phases: quiesce, drain, stop, flush. Each ends in the whole tree, and for the listeners of
 * the lifecycle, before the next begins. Nothing makes it fail or wait for ever.
 */
export async function shutDown(
  service: Service,
  options: ShutDownOptions,
): Promise<ShutdownReport> {
  const { reactor, graceMs, force } = options;
  const { clock, lifecycle, reports } = reactor;
  const startedAt = clock.now();
  const deadline = startedAt + graceMs;
  const givenUp = deadline + MARGIN_MS;
  let drained: DrainReports = {};
  let failures = 0;

  await gently('quiesce', async () => callService(service, 'quiesce', () => service.quiesce?.()));
  await gently('drain', async () => {
    drained = (await callService(service, 'drain', () => service.drain?.(deadline))) ?? {};
  });
  await firmly('stop', async () => callService(service, 'stop', () => service.stop()));
  await firmly('flush', async () => undefined);
  const { finished, aborted } = sum(drained);
  return {
    drained,
    finished,
    aborted,
    durationMs: clock.now() - startedAt,
    forced: isForced(),
    failures,
    clean: failures === 0 && aborted === 0 && !isForced(),
  };

  async function gently(phase: ShutdownPhase, work: () => Promise<void>): Promise<void> {
    for (const step of steps(phase, work)) {
      if (isForced()) return;
      const waiting = fromPromise(step()).timeout(Math.max(0, givenUp - clock.now()), clock);
      void force.addCallback(() => waiting.cancel());
      await guard(phase, waiting);
    }
  }

  async function firmly(phase: ShutdownPhase, work: () => Promise<void>): Promise<void> {
    for (const step of steps(phase, work)) {
      await guard(phase, fromPromise(step()).timeout(MARGIN_MS, clock));
    }
  }

  /** The services first, then the listeners. */
  function steps(phase: ShutdownPhase, work: () => Promise<void>): (() => Promise<void>)[] {
    return [work, () => lifecycle.runPhase(phase, deadline)];
  }

  async function guard(phase: ShutdownPhase, waiting: PromiseLike<void>): Promise<void> {
    try {
      await waiting;
    } catch (thrown) {
      if (isForced() && (phase === 'quiesce' || phase === 'drain')) return;
      failures += 1;
      reports.problem(`shutdown.${phase}`, thrown);
    }
  }

  function isForced(): boolean {
    return force.peek().state !== 'pending';
  }
}

function sum(drained: DrainReports): DrainReport {
  let finished = 0;
  let aborted = 0;
  for (const report of Object.values(drained)) {
    finished += report.finished;
    aborted += report.aborted;
  }
  return { finished, aborted };
}
