import type { Clock, DelayedCall } from '../contract/clock.ts';
import { Deferred } from '../deferred/deferred.ts';
import { waitFor } from '../deferred/wait-for.ts';

/** Something that is asked to end, and can be ended. */
interface Leaving {
  close(deadline: number): void;
  abort(): void;
}

/** The end of a connection: it is asked to finish, and aborted at the deadline. Whoever hurries more counts. */
export class Goodbye {
  readonly #clock: Clock;
  readonly #leaving: Leaving;
  readonly #gone = new Deferred<void>();
  #deadline: DelayedCall | undefined;

  constructor(clock: Clock, leaving: Leaving) {
    this.#clock = clock;
    this.#leaving = leaving;
  }

  /** Begins, or moves the deadline if this one is earlier. Settles when the connection is gone. */
  say(deadline: number): Deferred<void> {
    if (!this.#deadline || deadline < this.#deadline.at) {
      this.#deadline?.cancel();
      this.#deadline = this.#clock.callLater(deadline - this.#clock.now(), () =>
        this.#leaving.abort(),
      );
      this.#leaving.close(deadline);
    }
    return waitFor(this.#gone);
  }

  /** Asks again, as the connection has only just been made. */
  repeat(): void {
    if (this.#deadline) this.#leaving.close(this.#deadline.at);
  }

  /** The connection is gone. */
  gone(): void {
    this.#deadline?.cancel();
    this.#gone.resolve();
  }
}
