import { EventEmitter } from 'node:events';
import type { Lifecycle, ShutdownPhase } from '../contract/lifecycle.ts';
import type { Reports } from '../contract/reports.ts';
import { NodeLifecycle } from '../node/node-lifecycle.ts';

type Signal = Parameters<Lifecycle['onSignal']>[0];

/** A lifecycle whose signals come from the test. The process is left alone. */
export class ManualLifecycle implements Lifecycle {
  readonly #signals = new EventEmitter();
  readonly #lifecycle: NodeLifecycle;

  constructor(reports: Reports) {
    this.#lifecycle = new NodeLifecycle(reports, this.#signals);
  }

  /** How many listen for signals. */
  get signalListeners(): number {
    const signals = this.#signals.eventNames();
    return signals.reduce((sum, signal) => sum + this.#signals.listenerCount(signal), 0);
  }

  /** Does what the system does on a signal. */
  raise(signal: Signal): void {
    this.#signals.emit(signal);
  }

  get stopping(): AbortSignal {
    return this.#lifecycle.stopping;
  }

  requestStop(): void {
    this.#lifecycle.requestStop();
  }

  onSignal(signal: Signal, listener: () => void): Disposable {
    return this.#lifecycle.onSignal(signal, listener);
  }

  onPhase(phase: ShutdownPhase, listener: (deadline: number) => void | Promise<void>): Disposable {
    return this.#lifecycle.onPhase(phase, listener);
  }

  runPhase(phase: ShutdownPhase, deadline: number): Promise<void> {
    return this.#lifecycle.runPhase(phase, deadline);
  }
}
