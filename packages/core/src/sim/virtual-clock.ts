import { setImmediate } from 'node:timers';
import type { Clock, DelayedCall } from '../contract/clock.ts';
import type { Reports } from '../contract/reports.ts';
import type { CallOwner } from './scheduled-call.ts';
import { Timeline } from './timeline.ts';

/** When virtual time begins, as {@link Clock.epoch} tells it: 2026-01-01T00:00:00Z. */
export const VIRTUAL_EPOCH: number = Date.UTC(2026, 0, 1);

/** Turns of the real loop without a sign of life that count as quiet. */
const QUIET_TURNS = 4;
/** More calls than this without time passing are a loop that never ends. */
const MAX_TURNS = 100_000;

/** Time that passes only when a test says so. It begins at 0, which is 2026-01-01T00:00:00Z. */
export class VirtualClock implements Clock {
  readonly #timeline = new Timeline();
  readonly #later: { readonly owner: CallOwner; readonly where: string };
  readonly #soon: { readonly owner: CallOwner; readonly where: string };

  constructor(reports: Reports) {
    const owner: CallOwner = {
      label: 'clock',
      alive: true,
      keepsContext: true,
      failed: (where, thrown) => reports.problem(where, thrown),
    };
    this.#later = { owner, where: 'clock.callLater' };
    this.#soon = { owner, where: 'clock.callSoon' };
  }

  now(): number {
    return this.#timeline.now;
  }

  epoch(): number {
    return VIRTUAL_EPOCH + this.#timeline.now;
  }

  /** Calls that are due some time. Zero at the end of a test means nothing was left running. */
  get timers(): number {
    return this.#timeline.size;
  }

  callLater(ms: number, call: () => void): DelayedCall {
    return this.#timeline.after(ms, call, this.#later);
  }

  callSoon(call: () => void): void {
    this.#timeline.inTurn(call, this.#soon);
    // One turn of the real loop each, so that promises run between them; `advance` may have been faster.
    setImmediate(() => this.#timeline.runSoon());
  }

  /**
   * Lets `ms` pass and makes every call that is due, `callSoon` included, before it returns. Promises have to wait
   * until then; {@link elapse} lets them run.
   * @throws Error if the calls of one moment never end
   */
  advance(ms: number): void {
    const until = this.#timeline.in(ms);
    let at = this.#timeline.now;
    for (let calls = 1; this.#timeline.runNext(until); calls++) {
      if (this.#timeline.now > at) {
        at = this.#timeline.now;
        calls = 1;
      }
      if (calls > MAX_TURNS) throw new Error(`Cannot advance: still busy after ${calls} calls`);
    }
    this.#timeline.jump(until);
  }

  /** Lets `ms` pass, and lets everything settle before, between and after what is due. */
  async elapse(ms: number): Promise<void> {
    const until = this.#timeline.in(ms);
    await this.settle();
    while (this.#timeline.runNext(until)) await this.settle();
    this.#timeline.jump(until);
  }

  /** Runs turns of the real loop until nothing happens any more. No time passes. */
  async settle(): Promise<void> {
    let quiet = 0;
    for (let turn = 0; quiet < QUIET_TURNS; turn++) {
      if (turn === MAX_TURNS) throw new Error(`Cannot settle: still busy after ${turn} turns`);
      quiet = this.#timeline.soon > 0 ? 0 : quiet + 1;
      await new Promise<void>((done) => setImmediate(done));
    }
  }
}
