/** A call that will happen unless it is cancelled. Disposing it cancels it. */
export interface DelayedCall extends Disposable {
  /** When it is due, in milliseconds on {@link Clock.now}. */
  readonly at: number;
  readonly active: boolean;
  /** Prevents the call. Harmless when it has happened or was cancelled already. */
  cancel(): void;
}

/** Time. Everything that waits asks the clock of its reactor, so that a test can be the clock. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back. */
  now(): number;
  /** Milliseconds since 1970-01-01T00:00:00Z; may jump. Only for what people or other machines read. */
  epoch(): number;
  /**
   * Calls `call` once after `ms` milliseconds or more (values below 0 count as 0, the longest wait is 2^31-1); on a
   * system that counts whole milliseconds, up to one less.
   * A throw in `call` goes to the reactor's reports.
   */
  callLater(ms: number, call: () => void): DelayedCall;
  /** Calls `call` in a later turn, before any timer that is not yet due. Calls keep their order. */
  callSoon(call: () => void): void;
}
