import type { Readable } from 'node:stream';
import type { Has } from '@hawser/core';
import { HookCall, type HookResult } from './hook-call.ts';
import type { SmtpError } from './smtp-error.ts';

/** What the reception of one message needs. */
export interface ReceptionParts {
  readonly reactor: Has<'clock' | 'reports'>;
  readonly timeoutMs: number;
  readonly stream: Readable;
  run(): HookResult<void>;
  /** Hears the answer for the client, once, when the client has sent everything and the hook has decided. */
  answered(refusal: SmtpError | undefined): void;
}

type Verdict = { readonly refusal: SmtpError | undefined };

/**
 * One message between `DATA` and its answer. Two things must happen, in any order: the mail data ends and the hook
 * decides. An answer before the end of the data would be taken for the answer to a later command.
 */
export class Reception {
  readonly #parts: ReceptionParts;
  readonly #hook: HookCall<void>;
  #verdict: Verdict | undefined;
  #ended = false;

  constructor(parts: ReceptionParts) {
    this.#parts = parts;
    const { reactor, timeoutMs, stream } = parts;
    this.#hook = new HookCall<void>({
      name: 'smtp.message',
      reactor,
      timeoutMs,
      run: () => parts.run(),
      settled: (outcome) => {
        this.#verdict = { refusal: outcome.ok ? undefined : outcome.refusal };
        // The rest is not wanted; and a hook that is late must not believe that it got everything.
        stream.destroy();
        this.#answer();
      },
    });
  }

  /** Whether the client has sent everything and waits for us. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The hook does not read on, or does again. */
  stalled(is: boolean): void {
    if (is) this.#hook.startDeadline();
    else if (!this.#ended) this.#hook.stopDeadline();
  }

  /** The mail data is in. With a `fault` the message is refused whatever the hook thinks. */
  dataEnded(fault: SmtpError | undefined): void {
    this.#ended = true;
    if (fault) {
      this.#hook.cancel();
      this.#verdict = { refusal: fault };
    }
    if (this.#verdict) this.#answer();
    else this.#hook.startDeadline();
  }

  /** The client is gone. */
  cancel(): void {
    this.#hook.cancel();
  }

  #answer(): void {
    if (this.#ended && this.#verdict) this.#parts.answered(this.#verdict.refusal);
  }
}
