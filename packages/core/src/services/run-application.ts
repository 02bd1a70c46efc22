import type { Reactor } from '../contract/reactor.ts';
import type { DrainReports, Service } from '../contract/service.ts';
import { fromPromise } from '../deferred/from-promise.ts';
import { HawserError, toError } from '../errors.ts';
import { asService, type MakeServices } from './made-services.ts';
import { callService } from './service-hook.ts';
import { type ShutdownReport, shutDown } from './shut-down.ts';
import { StopRequests, type StopSignal } from './stop-requests.ts';

/** Options for {@link runApplication}. */
export interface ApplicationOptions {
  readonly reactor: Reactor;
  /** Signals that stop the application. @defaultValue `['SIGINT', 'SIGTERM']` */
  readonly signals?: readonly StopSignal[] | undefined;
  /** How long connections may take to finish, in milliseconds. @defaultValue 10_000 */
  readonly graceMs?: number | undefined;
  /** Gets a line for each listener, and how the stop went: one for each protocol that had connections. */
  readonly announce?: ((line: string) => void) | undefined;
  /** Gets the line that says why the application could not start. @defaultValue `announce` */
  readonly complain?: ((line: string) => void) | undefined;
  /** Gets the whole report once everything has stopped. Not called after a third signal. */
  readonly stopped?: ((report: ShutdownReport) => void) | undefined;
}

/** sysexits.h: an error that does not say what it means for a command. */
const EXIT_SOFTWARE = 70;
/** What a shell shows for a process that was interrupted. */
const EXIT_INTERRUPTED = 130;

/**
 * Starts a service, or what a function makes of the reactor, runs it until a signal or `lifecycle.requestStop()`, and stops it in four phases. A second signal
 * skips to the stop phase, a third gives up waiting. Gives the exit code and leaves the exit to the caller: 0, the
 * `exitCode` of what kept it from starting, 70 for an unknown error or a phase that failed, 130 after the third signal.
 * Connections that were cut off do not change it; they are in the report. It listens to signals only while it runs.
 */
export async function runApplication(
  services: Service | MakeServices,
  options: ApplicationOptions,
): Promise<number> {
  const { reactor, signals = ['SIGINT', 'SIGTERM'], graceMs = 10_000 } = options;
  if (!(graceMs >= 0)) throw new RangeError(`Cannot run as graceMs must be 0 or more: ${graceMs}`);
  const service = asService(services);
  const requests = new StopRequests(reactor.lifecycle, signals);
  try {
    const interrupted = requests.exit.then(() => EXIT_INTERRUPTED);
    return await Promise.race([live(service, { ...options, graceMs, requests }), interrupted]);
  } finally {
    requests[Symbol.dispose]();
  }
}

interface LiveOptions extends ApplicationOptions {
  readonly graceMs: number;
  readonly requests: StopRequests;
}

async function live(service: Service, options: LiveOptions): Promise<number> {
  const { reactor, graceMs, requests, announce = ignore, complain = announce } = options;
  if (requests.stop.peek().state !== 'pending') return 0;
  try {
    const started = startOf(service, reactor);
    // A start that is stopped half way is rolled back by the service, which is no failure.
    void requests.stop.addCallback(() => {
      if (started.peek().state === 'pending') void stopQuietly(service, reactor);
    });
    await started;
  } catch (error) {
    if (requests.stop.peek().state !== 'pending') return 0;
    if (error instanceof HawserError) complain(error.message);
    else {
      // A mistake of the program: the line says that it happened, the report says where.
      complain(`Cannot start ${service.name}: ${toError(error).message}`);
      reactor.reports.problem(`${service.name}.start`, error);
    }
    return exitCodeOf(error);
  }

  for (const line of service.describe?.() ?? []) announce(line);
  await requests.stop;
  announce(`Stopping, at most ${graceMs / 1000} seconds; a second signal stops now`);
  const report = await shutDown(service, { reactor, graceMs, force: requests.force });
  for (const line of formatDrain(report.drained)) announce(line);
  announce('Stopped');
  options.stopped?.(report);
  return report.failures === 0 ? 0 : EXIT_SOFTWARE;
}

/** What a command should exit with after `error`: its `exitCode`, or 70 (sysexits.h) when it has none. */
export function exitCodeOf(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('exitCode' in error)) return EXIT_SOFTWARE;
  return typeof error.exitCode === 'number' ? error.exitCode : EXIT_SOFTWARE;
}

function startOf(service: Service, reactor: Reactor): ReturnType<typeof fromPromise<void>> {
  // A promise in between, as nobody may cancel the start but the service itself.
  return fromPromise((async () => callService(service, 'start', () => service.start(reactor)))());
}

async function stopQuietly(service: Service, reactor: Reactor): Promise<void> {
  try {
    await callService(service, 'stop', () => service.stop());
  } catch (thrown) {
    reactor.reports.problem(`${service.name}.stop`, thrown);
  }
}

function formatDrain(drained: DrainReports): string[] {
  return Object.entries(drained)
    .filter(([, { finished, aborted }]) => finished + aborted > 0)
    .map(
      ([protocol, { finished, aborted }]) =>
        `${protocol}: ${finished} finished, ${aborted} aborted`,
    );
}

function ignore(): void {}
