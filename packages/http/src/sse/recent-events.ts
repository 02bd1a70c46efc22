/** Limits of {@link RecentEvents}. */
export interface RecentEventsLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

interface Recent {
  readonly id: string;
  readonly text: string;
  readonly bytes: number;
}

/** The last events that were sent, as text, for those who come back after a while. */
export class RecentEvents {
  readonly #limits: RecentEventsLimits;
  readonly #events: Recent[] = [];
  /** Where an event is, counted from the first there ever was. */
  readonly #places = new Map<string, number>();
  #dropped = 0;
  #bytes = 0;

  constructor(limits: RecentEventsLimits) {
    this.#limits = limits;
  }

  /** Keeps an event, and forgets the oldest where they are too many. */
  add(event: Recent): void {
    this.#places.set(event.id, this.#dropped + this.#events.length);
    this.#events.push(event);
    this.#bytes += event.bytes;
    const { maxEvents, maxBytes } = this.#limits;
    while (this.#events.length > maxEvents || this.#bytes > maxBytes) this.#dropOldest();
  }

  /** What came after the event with this id; `undefined` if that is not remembered. */
  after(id: string): { readonly text: string; readonly bytes: number } | undefined {
    const place = this.#places.get(id);
    if (place === undefined) return undefined;
    let text = '';
    let bytes = 0;
    for (const event of this.#events.slice(place + 1 - this.#dropped)) {
      text += event.text;
      bytes += event.bytes;
    }
    return { text, bytes };
  }

  #dropOldest(): void {
    const oldest = this.#events.shift();
    if (!oldest) return;
    this.#bytes -= oldest.bytes;
    // A later event may have the same id.
    if (this.#places.get(oldest.id) === this.#dropped) this.#places.delete(oldest.id);
    this.#dropped += 1;
  }
}
