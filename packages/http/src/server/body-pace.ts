/** The time a body has before its rate counts. */
const GRACE_MS = 10_000;

/**
 * Whether a body comes fast enough: it has ten seconds, and more for what has come, at `rate` octets a second. Only the
 * time in which somebody waited for it counts.
 */
export class BodyPace {
  readonly #rate: number;
  #bytes = 0;
  #waitedMs = 0;
  #since: number | undefined;

  constructor(rate: number) {
    this.#rate = rate;
  }

  received(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Somebody waits from now on. */
  start(now: number): void {
    this.#since ??= now;
  }

  /** Nobody waits. */
  stop(now: number): void {
    if (this.#since === undefined) return;
    this.#waitedMs += now - this.#since;
    this.#since = undefined;
  }

  /** When the time is up if nothing more comes; infinity while nobody waits. */
  get deadline(): number {
    if (this.#since === undefined) return Number.POSITIVE_INFINITY;
    return this.#since + GRACE_MS + (this.#bytes / this.#rate) * 1_000 - this.#waitedMs;
  }
}
