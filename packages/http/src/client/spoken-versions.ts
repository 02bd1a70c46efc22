import type { Clock } from '@hawser/core';

/** What is known of the server at the end of some way. */
interface Spoken {
  /** Its connections carry requests side by side: HTTP/2. */
  shared?: boolean;
  /** HTTP/2 is not to be tried until then. */
  http1Until?: number;
}

/** Servers that are remembered: the oldest is forgotten. */
const MAX_SERVERS = 1_000;
/** Whoever wanted HTTP/1.1 may have been repaired since. */
const HTTP1_MS = 600_000;

/** What servers turned out to speak, longer than there are connections to them. */
export class SpokenVersions {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #known = new Map<string, Spoken>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** Whether one connection may be enough for many requests. */
  mayBeShared(server: string): boolean {
    return this.#known.get(server)?.shared ?? true;
  }

  /** Whether the server does not do HTTP/2, though it may say so. */
  wantsHttp1(server: string): boolean {
    const until = this.#known.get(server)?.http1Until;
    return until !== undefined && this.#clock.now() < until;
  }

  turnedOut(server: string, shared: boolean): void {
    this.#of(server).shared = shared;
  }

  downgraded(server: string): void {
    const spoken = this.#of(server);
    spoken.http1Until = this.#clock.now() + HTTP1_MS;
    spoken.shared = false;
  }

  #of(server: string): Spoken {
    const known = this.#known.get(server) ?? {};
    this.#known.set(server, known);
    if (this.#known.size > MAX_SERVERS) {
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    }
    return known;
  }
}
