import { type Has, TimeoutError } from '@hawser/core';
import { SmtpError } from './smtp-error.ts';

/** What a hook decided. */
export type HookOutcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: SmtpError };

/** What a hook may give: a value, or a refusal; now or later. */
export type HookResult<T> = T | SmtpError | PromiseLike<T | SmtpError>;

/** One call of a hook. */
export interface HookCallParts<T> {
  /** Names the hook in reports, such as `"smtp.rcptTo"`. */
  readonly name: string;
  readonly reactor: Has<'clock' | 'reports'>;
  /** Longest a hook may take once the deadline was started. */
  readonly timeoutMs: number;
  run(): HookResult<T>;
  /** Hears the outcome, once; perhaps before the constructor returns. */
  settled(outcome: HookOutcome<T>): void;
}

/**
 * Runs code of the application so that whatever it does becomes one answer: a throw, a rejection and a hook that never
 * settles are reported and become 451 4.3.0; what comes late is ignored.
 */
export class HookCall<T> {
  readonly #parts: HookCallParts<T>;
  #deadline: Disposable | undefined;
  #settled = false;

  constructor(parts: HookCallParts<T>) {
    this.#parts = parts;
    try {
      const result = parts.run();
      if (isPromiseLike(result)) {
        result.then(
          (value) => this.#decided(value),
          (thrown: unknown) => this.#failed(thrown),
        );
      } else {
        this.#decided(result);
      }
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  /** From now on the hook is waited for. */
  startDeadline(): void {
    if (this.#settled || this.#deadline) return;
    const { name, reactor, timeoutMs } = this.#parts;
    this.#deadline = reactor.clock.callLater(timeoutMs, () => {
      this.#failed(new TimeoutError(`Cannot wait longer for ${name}: ${timeoutMs} ms`));
    });
  }

  stopDeadline(): void {
    this.#deadline?.[Symbol.dispose]();
    this.#deadline = undefined;
  }

  /** Nobody wants the outcome any more. */
  cancel(): void {
    this.#settled = true;
    this.stopDeadline();
  }

  #decided(value: T | SmtpError): void {
    this.#settle(value instanceof SmtpError ? { ok: false, refusal: value } : { ok: true, value });
  }

  #failed(thrown: unknown): void {
    if (this.#settled) return;
    if (thrown instanceof SmtpError) {
      this.#settle({ ok: false, refusal: thrown });
      return;
    }
    const { name, reactor } = this.#parts;
    reactor.reports.problem(name, thrown);
    const refusal = new SmtpError(451, 'Cannot process this now, try again later', {
      enhanced: '4.3.0',
      cause: thrown,
    });
    this.#settle({ ok: false, refusal });
  }

  #settle(outcome: HookOutcome<T>): void {
    if (this.#settled) return;
    this.cancel();
    this.#parts.settled(outcome);
  }
}

function isPromiseLike<T>(value: HookResult<T>): value is PromiseLike<T | SmtpError> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { readonly then?: unknown }).then === 'function'
  );
}
