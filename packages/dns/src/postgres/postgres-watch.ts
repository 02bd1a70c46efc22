// Hearing of what others write: other processes with the same database, and people.
import type { DelayedCall, Has } from '@hawser/core';
import { Name } from '../name.ts';
import type { StoredZone, StoreListener } from '../store/zone-store.ts';
import { type PostgresClient, type PostgresPool, storeError } from './postgres-pool.ts';
import { quoted } from './postgres-schema.ts';

/** What a {@link PostgresWatch} listens to. */
export interface PostgresWatched {
  readonly pool: () => Promise<PostgresPool>;
  readonly channel: string;
  /** Who we are in notifications. */
  readonly source: () => string;
  readonly list: () => Promise<readonly StoredZone[]>;
}

type WatchReactor = Has<'clock' | 'random' | 'reports'>;

/** How long a connection may be silent before it is asked whether it still is one. */
const PING_MS = 30_000;
/** How long it may take to answer: one whose other end is gone without a word would be waited for for hours. */
const PONG_MS = 10_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;

interface Listener {
  readonly call: StoreListener;
  readonly reactor: WatchReactor;
}

/** Listens on a connection of its own as long as somebody wants to know, by the clock of whoever came first. */
export class PostgresWatch {
  readonly #watched: PostgresWatched;
  readonly #listeners = new Set<Listener>();
  #client: PostgresClient | undefined;
  #connecting = false;
  #timer: DelayedCall | undefined;
  #failures = 0;

  constructor(watched: PostgresWatched) {
    this.#watched = watched;
  }

  watch(reactor: WatchReactor, call: StoreListener): Disposable {
    const entry = { call, reactor };
    this.#listeners.add(entry);
    this.#connect();
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(entry);
        if (this.#listeners.size === 0) this.#stop();
      },
    };
  }

  /** Stops listening, whoever wants to know. */
  close(): void {
    this.#listeners.clear();
    this.#stop();
  }

  get #reactor(): WatchReactor | undefined {
    const [first] = this.#listeners;
    return first?.reactor;
  }

  #connect(): void {
    if (this.#client !== undefined || this.#connecting || this.#timer !== undefined) return;
    this.#connecting = true;
    this.#open().then(
      () => {
        this.#connecting = false;
        if (this.#listeners.size === 0) this.#stop();
      },
      (error: unknown) => {
        this.#connecting = false;
        this.#failed(error);
      },
    );
  }

  async #open(): Promise<void> {
    const { channel } = this.#watched;
    const pool = await this.#watched.pool();
    const client = await pool.connect();
    const lost = (error?: Error): void => {
      if (this.#client === client) this.#failed(error ?? new Error('connection ended'));
    };
    client.on('error', lost);
    client.on('end', lost);
    client.on('notification', ({ payload = '' }) => {
      if (this.#client === client) this.#heard(payload);
    });
    try {
      await client.query(`LISTEN ${quoted(channel)}`);
    } catch (error) {
      client.release(true);
      throw error;
    }
    this.#client = client;
    this.#failures = 0;
    this.#ping();
    // Whatever happened before we listened.
    for (const { origin } of await this.#watched.list()) this.#tell(origin);
  }

  #ping(): void {
    this.#timer = this.#reactor?.clock.callLater(PING_MS, () => {
      const client = this.#client;
      this.#timer = this.#reactor?.clock.callLater(PONG_MS, () => {
        this.#timer = undefined;
        this.#failed(new Error(`no answer within ${PONG_MS} ms`));
      });
      client?.query('SELECT 1').then(
        () => {
          if (this.#client !== client) return;
          this.#timer?.cancel();
          this.#ping();
        },
        (error: unknown) => {
          if (this.#client === client) this.#failed(error);
        },
      );
    });
  }

  /** Tells once, and tries again after a while, longer each time and never at the same time as others (full jitter). */
  #failed(error: unknown): void {
    this.#drop();
    const reactor = this.#reactor;
    if (reactor === undefined) return;
    if (this.#failures === 0) reactor.reports.problem('dns.store.watch', storeError(error));
    const ms = Math.min(FIRST_RETRY_MS * 2 ** this.#failures++, LAST_RETRY_MS);
    this.#timer = reactor.clock.callLater(ms * reactor.random.float(), () => {
      this.#timer = undefined;
      this.#connect();
    });
  }

  #stop(): void {
    this.#drop();
    this.#failures = 0;
  }

  #drop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const client = this.#client;
    this.#client = undefined;
    // It still listens: nobody else should have it.
    client?.release(true);
  }

  #heard(payload: string): void {
    const space = payload.indexOf(' ');
    if (space < 0 || payload.slice(0, space) === this.#watched.source()) return;
    const origin = parse(payload.slice(space + 1));
    if (origin !== undefined) this.#tell(origin);
  }

  #tell(origin: Name): void {
    for (const { call } of this.#listeners) call(origin);
  }
}

/** Anybody may notify anything. */
function parse(text: string): Name | undefined {
  try {
    return Name.parse(text);
  } catch {
    return undefined;
  }
}
