import type { DelayedCall, Transport } from '@hawser/core';

/** How many clients of one server are not logged in. */
export interface LoginCount {
  waiting: number;
}

/** A client that has not logged in: counted, and aborted when the time for it is over. */
export class PendingLogin {
  readonly #count: LoginCount;
  readonly #timer: DelayedCall;
  #over = false;

  /** @param graceMs from the accept of the connection, so that bytes that trickle buy no time */
  constructor(transport: Transport, count: LoginCount, graceMs: number) {
    const { clock } = transport.reactor;
    this.#count = count;
    count.waiting += 1;
    const left = transport.openedAt + graceMs - clock.now();
    this.#timer = clock.callLater(left, () => {
      transport.abort({ kind: 'timeout', timer: 'handshake', afterMs: graceMs });
    });
    transport.onClose(() => this.done());
  }

  /** The client is logged in or gone. */
  done(): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer.cancel();
    this.#count.waiting -= 1;
  }
}
