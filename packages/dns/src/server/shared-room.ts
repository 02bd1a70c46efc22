/** Who waits for room. */
export interface RoomWaiter {
  /** There is some, for who is the first to take it. */
  roomMade(): void;
}

/** Room for queries in flight, shared by all connections of a server. */
export class SharedRoom {
  readonly #most: number;
  /** Who waits the longest first. */
  readonly #waiting = new Set<RoomWaiter>();
  #taken = 0;
  #waking = false;

  constructor(most: number) {
    this.#most = most;
  }

  get taken(): number {
    return this.#taken;
  }

  get full(): boolean {
    return this.#taken >= this.#most;
  }

  /** Takes a place, even one too many: who may is not decided here. */
  take(): void {
    this.#taken++;
  }

  give(count = 1): void {
    this.#taken -= count;
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
