import type { Lifecycle, ShutdownPhase } from '../contract/lifecycle.ts';
import type { Reports } from '../contract/reports.ts';
import { NodeLifecycle } from '../node/node-lifecycle.ts';

type Signal = Parameters<Lifecycle['onSignal']>[0];

/** A lifecycle whose signals come from the test. The process is left alone. */
export class ManualLifecycle implements Lifecycle {
  readonly #phases: NodeLifecycle;
  readonly #listeners = new Set<{ readonly signal: Signal; readonly listener: () => void }>();

  constructor(reports: Reports) {
    this.#phases = new NodeLifecycle(reports);
  }

  /** How many listen for signals. */
  get signalListeners(): number {
    return this.#listeners.size;
  }

  /** Does what the system does on a signal. */
  raise(signal: Signal): void {
    for (const each of this.#listeners) if (each.signal === signal) each.listener();
  }

  get stopping(): AbortSignal {
    return this.#phases.stopping;
  }

  requestStop(): void {
    this.#phases.requestStop();
  }

  onSignal(signal: Signal, listener: () => void): Disposable {
    const registered = { signal, listener };
    this.#listeners.add(registered);
    return { [Symbol.dispose]: () => void this.#listeners.delete(registered) };
  }

  onPhase(phase: ShutdownPhase, listener: (deadline: number) => void | Promise<void>): Disposable {
    return this.#phases.onPhase(phase, listener);
  }

  runPhase(phase: ShutdownPhase, deadline: number): Promise<void> {
    return this.#phases.runPhase(phase, deadline);
  }
}
