import type { ShutdownPhase } from '../contract/lifecycle.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { DrainReports, Service } from '../contract/service.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { fromPromise } from '../deferred/from-promise.ts';

/** What {@link shutDown} needs to know. */
export interface ShutDownOptions {
  readonly reactor: Reactor;
  /** How long work may take to finish, in milliseconds. */
  readonly graceMs: number;
  /** When it is fulfilled, what is left of quiesce and drain is skipped. */
  readonly force: Deferred<void>;
}

/** How a shutdown went. */
export interface ShutdownResult {
  readonly drained: DrainReports;
  /** False when a phase failed or took too long; the reports have the details. */
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
): Promise<ShutdownResult> {
  const { reactor, graceMs, force } = options;
  const { clock, lifecycle, reports } = reactor;
  const deadline = clock.now() + graceMs;
  const givenUp = deadline + MARGIN_MS;
  let drained: DrainReports = {};
  let clean = true;

  await gently('quiesce', async () => service.quiesce?.());
  await gently('drain', async () => {
    drained = (await service.drain?.(deadline)) ?? {};
  });
  await firmly('stop', async () => service.stop());
  await firmly('flush', async () => undefined);
  return { drained, clean };

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
      clean = false;
      reports.problem(`shutdown.${phase}`, thrown);
    }
  }

  function isForced(): boolean {
    return force.peek().state !== 'pending';
  }
}
