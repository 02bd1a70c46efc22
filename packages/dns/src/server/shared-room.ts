/** Who waits for room. */
export interface RoomWaiter {
  /** There is some, for who is the first to take it. */
  roomMade(): void;
}

/** How much room there is. */
export interface RoomLimits {
  readonly queries: number;
  /** Octets of those queries, and of answers that nobody takes. */
  readonly bytes: number;
}

/** Room for queries in flight, and for answers that wait to be taken, shared by all connections of a server. */
export class SharedRoom {
  readonly #limits: RoomLimits;
  /** Who waits the longest first. */
  readonly #waiting = new Set<RoomWaiter>();
  #queries = 0;
  #bytes = 0;
  #waking = false;

  constructor(limits: RoomLimits) {
    this.#limits = limits;
  }

  get full(): boolean {
    return this.#queries >= this.#limits.queries || this.#bytes >= this.#limits.bytes;
  }

  /** Takes room, even too much: who may is not decided here. */
  take({ queries, bytes }: RoomLimits): void {
    this.#queries += queries;
    this.#bytes += bytes;
  }

  give({ queries, bytes }: RoomLimits): void {
    this.#queries -= queries;
    this.#bytes -= bytes;
    this.#wake();
  }

  /** Calls `waiter` once when there is room, after those who came before. */
  wait(waiter: RoomWaiter): void {
    this.#waiting.add(waiter);
  }

  leave(waiter: RoomWaiter): void {
    this.#waiting.delete(waiter);
  }

  #wake(): void {
    // Who is called may give room back at once.
    if (this.#waking) return;
    this.#waking = true;
    try {
      for (const waiter of this.#waiting) {
        if (this.full) return;
        this.#waiting.delete(waiter);
        waiter.roomMade();
      }
    } finally {
      this.#waking = false;
    }
  }
}
