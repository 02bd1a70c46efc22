import { disposeOnce } from '../dispose-once.ts';
import type { Bound } from './port-table.ts';
import type { TcpEnd } from './tcp-end.ts';

/** What a {@link Listener} is made of. */
export interface ListenerParts extends Bound {
  /** Who listens, as a leak names it. */
  readonly label: string;
  readonly madeAt: Error | undefined;
  readonly backlog: number;
  /** Calls in a later turn of the host. */
  readonly later: (call: () => void) => void;
  /** Takes a connection. */
  readonly accept: (end: TcpEnd) => void;
}

/** What the kernel keeps for a listening socket: connections in a handshake, and those nobody has accepted yet. */
export class Listener implements Bound {
  readonly host: string;
  readonly port: number;
  readonly label: string;
  readonly madeAt: Error | undefined;
  readonly #parts: ListenerParts;
  /** Both kinds, in order; true once the handshake is done. */
  readonly #waiting = new Map<TcpEnd, boolean>();
  #pauses = 0;
  #accepting = false;
  #closed = false;

  constructor(parts: ListenerParts) {
    this.host = parts.host;
    this.port = parts.port;
    this.label = parts.label;
    this.madeAt = parts.madeAt;
    this.#parts = parts;
  }

  get hasRoom(): boolean {
    return this.#waiting.size < this.#parts.backlog;
  }
  /** Connections that wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  begun(end: TcpEnd): void {
    this.#waiting.set(end, false);
  }

  established(end: TcpEnd): void {
    this.#waiting.set(end, true);
    this.#acceptSoon();
  }

  forget(end: TcpEnd): void {
    this.#waiting.delete(end);
  }

  /** Leaves connections waiting until what it gives is disposed. */
  pause(): Disposable {
    this.#pauses += 1;
    return disposeOnce(() => {
      this.#pauses -= 1;
      this.#acceptSoon();
    });
  }

  /** Takes those whom only a pause keeps waiting, as they have been let in, and resets the others. */
  close(): void {
    this.#closed = true;
    for (const [end, isReady] of this.#waiting) {
      // Either takes it off the list, which a map allows.
      if (isReady && this.#pauses > 0) this.#accept(end);
      else end.reset();
    }
  }

  #accept(end: TcpEnd): void {
    this.#waiting.delete(end);
    this.#parts.accept(end);
  }

  #acceptSoon(): void {
    if (this.#accepting || this.#closed || this.#pauses > 0 || !this.#next()) return;
    this.#accepting = true;
    this.#parts.later(() => {
      this.#accepting = false;
      const end = this.#pauses > 0 ? undefined : this.#next();
      if (!end) return;
      // One a turn, as an accept that throws must not take others along.
      this.#acceptSoon();
      this.#accept(end);
    });
  }

  #next(): TcpEnd | undefined {
    for (const [end, isReady] of this.#waiting) if (isReady) return end;
    return undefined;
  }
}
