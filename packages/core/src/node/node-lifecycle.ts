import { currentContext, enter, type Guard } from '../connection/entry.ts';
import type { Context } from '../contract/context.ts';
import type { Lifecycle, ShutdownPhase } from '../contract/lifecycle.ts';
import type { Reports } from '../contract/reports.ts';

type Signal = Parameters<Lifecycle['onSignal']>[0];
type PhaseListener = (deadline: number) => void | Promise<void>;

/** Where signals come from: the process, or a test. */
export interface SignalSource {
  on(signal: Signal, listener: () => void): unknown;
  off(signal: Signal, listener: () => void): unknown;
}

/** Signals of this process, and the listeners of its shutdown. Listens to nothing until asked. */
export class NodeLifecycle implements Lifecycle {
  readonly #reports: Reports;
  readonly #signals: SignalSource;
  readonly #stopping = new AbortController();
  readonly #listeners: Record<ShutdownPhase, Set<PhaseCall>> = {
    quiesce: new Set(),
    drain: new Set(),
    stop: new Set(),
    flush: new Set(),
  };

  constructor(reports: Reports, signals: SignalSource = process) {
    this.#reports = reports;
    this.#signals = signals;
  }

  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  requestStop(): void {
    this.#stopping.abort();
  }

  onSignal(signal: Signal, listener: () => void): Disposable {
    const guard = new ListenerGuard(this.#reports);
    const registered = (): void => {
      enter(guard, signal, () => listener(), undefined);
    };
    this.#signals.on(signal, registered);
    return { [Symbol.dispose]: () => void this.#signals.off(signal, registered) };
  }

  onPhase(phase: ShutdownPhase, listener: PhaseListener): Disposable {
    const registered = new PhaseCall(this.#reports, listener);
    this.#listeners[phase].add(registered);
    return { [Symbol.dispose]: () => void this.#listeners[phase].delete(registered) };
  }

  async runPhase(phase: ShutdownPhase, deadline: number): Promise<void> {
    await Promise.all([...this.#listeners[phase]].map((call) => call.run(phase, deadline)));
  }
}

/** Listeners run in the context of whoever registered them. */
class ListenerGuard implements Guard {
  readonly context: Context | undefined = currentContext();
  readonly #reports: Reports;

  constructor(reports: Reports) {
    this.#reports = reports;
  }

  failed(event: string, thrown: unknown): void {
    this.#reports.problem(`lifecycle.${event}`, thrown);
  }
}

class PhaseCall extends ListenerGuard {
  readonly #listener: PhaseListener;

  constructor(reports: Reports, listener: PhaseListener) {
    super(reports);
    this.#listener = listener;
  }

  /** Never rejects. */
  async run(phase: ShutdownPhase, deadline: number): Promise<void> {
    try {
      await enter(this, phase, () => this.#listener(deadline), undefined);
    } catch (thrown) {
      this.failed(phase, thrown);
    }
  }
}
