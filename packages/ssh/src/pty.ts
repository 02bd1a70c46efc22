/** The terminal of a client that asked for one (RFC 4254 §6.2). */
export interface Pty {
  /** Such as `xterm-256color`. */
  readonly term: string;
  /** Its width now, in characters; from 1 to 10_000. */
  readonly columns: number;
  readonly rows: number;
  /** Calls `listener` after the client changed the size; what it throws or rejects with is reported. Disposing stops that. */
  onResize(listener: () => unknown): Disposable;
}

/** What the peer says about the size; numbers of its choice. */
export interface Size {
  readonly cols: number;
  readonly rows: number;
}

const MAX_TERM = 64;
const MAX_SIZE = 10_000;

/** A {@link Pty} that the connection resizes. */
export class SessionPty implements Pty {
  readonly term: string;
  columns: number;
  rows: number;
  readonly #listeners = new Set<() => unknown>();

  constructor(term: string, size: Size) {
    // The name ends up in file names and environments of those who use it.
    this.term = /^[\w.+-]+$/.test(term) ? term.slice(0, MAX_TERM) : 'dumb';
    this.columns = within(size.cols, 80);
    this.rows = within(size.rows, 24);
  }

  /** Each listener that fails, now or later, is told to `threw`; the others are called all the same. */
  resize(size: Size, threw: (error: unknown) => void): void {
    this.columns = within(size.cols, this.columns);
    this.rows = within(size.rows, this.rows);
    for (const listener of Array.from(this.#listeners)) {
      void (async () => listener())().catch(threw);
    }
  }

  onResize(listener: () => unknown): Disposable {
    const own = (): unknown => listener();
    this.#listeners.add(own);
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) };
  }
}

/** A client without a size sends 0. */
function within(value: number, otherwise: number): number {
  return value >= 1 ? Math.min(value, MAX_SIZE) : otherwise;
}
