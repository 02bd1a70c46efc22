import type { Lifecycle, ShutdownPhase } from '../contract/lifecycle.ts';
import type { Reports } from '../contract/reports.ts';

type PhaseListener = (deadline: number) => void | Promise<void>;

/** Signals of this process, and the listeners of its shutdown. Listens to nothing until asked. */
export class NodeLifecycle implements Lifecycle {
  readonly #reports: Reports;
  readonly #stopping = new AbortController();
  readonly #listeners: Record<ShutdownPhase, Set<PhaseListener>> = {
    quiesce: new Set(),
    drain: new Set(),
    stop: new Set(),
    flush: new Set(),
  };

  constructor(reports: Reports) {
    this.#reports = reports;
  }

  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  requestStop(): void {
    this.#stopping.abort();
  }

  onSignal(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP', listener: () => void): Disposable {
    const registered = (): void => listener();
    process.on(signal, registered);
    return { [Symbol.dispose]: () => void process.off(signal, registered) };
  }

  onPhase(phase: ShutdownPhase, listener: PhaseListener): Disposable {
    const registered: PhaseListener = (deadline) => listener(deadline);
    this.#listeners[phase].add(registered);
    return { [Symbol.dispose]: () => void this.#listeners[phase].delete(registered) };
  }

  async runPhase(phase: ShutdownPhase, deadline: number): Promise<void> {
    const running = [...this.#listeners[phase]].map(async (listener) => {
      try {
        await listener(deadline);
      } catch (thrown) {
        this.#reports.problem(`lifecycle.${phase}`, thrown);
      }
    });
    await Promise.all(running);
  }
}
