/** Who waits for room. */
export interface RoomWaiter {
  /** There is some, for who is the first to take it. */
  roomMade(): void;
  /** Calls in a turn of its own. */
  soon(call: () => void): void;
}

/** Told of room in one turn: each may have a hundred queries that need none of it, and everybody else waits for all of them. */
const MAX_TOLD = 8;

/** How much room there is, or somebody takes. */
export interface RoomSize {
  readonly queries: number;
  /** Octets of those queries, and of answers that nobody takes. */
  readonly bytes: number;
}

/** Room for queries in flight, and for answers that wait to be taken, shared by all connections of a server. */
export class SharedRoom {
  readonly #limits: RoomSize;
  /** Who waits the longest first. */
  readonly #waiting = new Set<RoomWaiter>();
  #queries = 0;
  #bytes = 0;
  #waking = false;
  #planned = false;

  constructor(limits: RoomSize) {
    this.#limits = limits;
  }

  get full(): boolean {
    return this.#queries >= this.#limits.queries || this.#bytes >= this.#limits.bytes;
  }

  /** Takes room, even too much: who may is not decided here. */
  take({ queries, bytes }: RoomSize): void {
    this.#queries += queries;
    this.#bytes += bytes;
  }

  give({ queries, bytes }: RoomSize): void {
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
    if (this.#waking || this.#planned) return;
    this.#waking = true;
    try {
      let told = 0;
      for (const waiter of this.#waiting) {
        if (this.full) return;
        if (told++ === MAX_TOLD) {
          this.#wakeSoon(waiter);
          return;
        }
        this.#waiting.delete(waiter);
        waiter.roomMade();
      }
    } finally {
      this.#waking = false;
    }
  }

  #wakeSoon(waiter: RoomWaiter): void {
    if (this.#planned) return;
    this.#planned = true;
    waiter.soon(() => {
      this.#planned = false;
      this.#wake();
    });
  }
}
