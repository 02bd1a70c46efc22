import type { DelayedCall, Has } from '@hawser/core';

/** The part of a connection that a drain needs. */
export interface Drainable {
  /** Sessions that run. */
  sessions(): number;
  /** Tells the client that the server goes, and closes. */
  sayGoodbye(): void;
}

/** What is left at the end of the wait to tell the client, at most. */
const GOODBYE_MS = 1_000;

/**
 * The end of one connection when the process stops: nothing new is started, running sessions may finish, then the
 * client is told (RFC 4253 §11.1). Those that do not finish are told shortly before the deadline.
 */
export class Drain {
  readonly #connection: Drainable;
  #timer: DelayedCall | undefined;
  #requested = false;

  constructor(connection: Drainable) {
    this.#connection = connection;
  }

  get requested(): boolean {
    return this.#requested;
  }

  /** @param deadline in milliseconds on the clock of `reactor` */
  request(reactor: Has<'clock'>, deadline: number): void {
    if (this.#requested) return;
    this.#requested = true;
    const wait = Math.max(0, deadline - reactor.clock.now());
    this.sessionEnded();
    if (this.#connection.sessions() === 0) return;
    this.#timer = reactor.clock.callLater(wait - Math.min(GOODBYE_MS, wait / 10), () =>
      this.#connection.sayGoodbye(),
    );
  }

  /** A session ended; the last one ends the connection. */
  sessionEnded(): void {
    if (this.#requested && this.#connection.sessions() === 0) this.#connection.sayGoodbye();
  }

  /** The connection is gone. */
  over(): void {
    this.#timer?.cancel();
  }
}
