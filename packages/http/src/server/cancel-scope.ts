type Listener = (reason: Error) => void;

/** Who wants to know that an exchange lost its peer. Made when the first one asks. */
export class CancelScope {
  readonly #listeners = new Set<{ readonly listener: Listener }>();
  #controller: AbortController | undefined;
  #failed: (thrown: unknown) => void;

  /** @param failed hears what a listener throws */
  constructor(failed: (thrown: unknown) => void) {
    this.#failed = failed;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  add(listener: Listener): Disposable {
    const entry = { listener };
    this.#listeners.add(entry);
    return { [Symbol.dispose]: () => void this.#listeners.delete(entry) };
  }

  /** Aborts the signal alone: the peer may still be there for the answer. */
  abort(reason: Error): void {
    this.#controller?.abort(reason);
  }

  /** The peer is gone. */
  cancel(reason: Error): void {
    this.abort(reason);
    const entries = [...this.#listeners];
    this.#listeners.clear();
    for (const { listener } of entries) {
      try {
        listener(reason);
      } catch (thrown) {
        this.#failed(thrown);
      }
    }
  }

  /** The answer has left: nobody is told any more. */
  clear(): void {
    this.#listeners.clear();
  }
}
