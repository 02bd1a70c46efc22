import {
  type ClientEndpoint,
  Deferred,
  fail,
  type Protocol,
  type Reactor,
  type TlsClientOptions,
} from '@hawser/core';
import type { ClientSession, SessionOwner } from './client-session.ts';
import { type Destination, dial, endpointOf } from './destination.ts';
import { HttpRequestError } from './http-request-error.ts';
import { OriginPool } from './origin-pool.ts';
import { SpokenVersions } from './spoken-versions.ts';

/** A version of HTTP, as ALPN names it (RFC 7301): HTTP/2 or HTTP/1.1. */
export type ClientProtocol = 'h2' | 'http/1.1';

/** Limits of the connections of a client. */
export interface PoolOptions {
  /** To one origin by one way. Over HTTP/2 there is one, and a further one when all it takes is in use. @defaultValue 16 */
  readonly maxConnectionsPerOrigin?: number | undefined;
  /** In all. @defaultValue 256 */
  readonly maxConnections?: number | undefined;
  /** Requests to one origin that may wait for a connection. @defaultValue 1_000 */
  readonly maxQueued?: number | undefined;
  /** Longest such a wait, in milliseconds; 0 for ever. @defaultValue 30_000 */
  readonly queueMs?: number | undefined;
  /**
   * Longest a connection stays open without work, in milliseconds; what the server says by `Keep-Alive: timeout=` counts
   * if it is shorter. @defaultValue 4_000
   */
  readonly idleMs?: number | undefined;
  /** Longest a connection is used, in milliseconds; 0 for ever. @defaultValue 600_000 */
  readonly lifetimeMs?: number | undefined;
}

/** How many connections there are, and what they do. */
export interface PoolStatus {
  readonly origins: number;
  readonly connections: number;
  readonly idle: number;
  readonly waiting: number;
}

/** What a pool makes its connections with. */
export interface ConnectionPoolParts {
  readonly options: PoolOptions;
  readonly connectMs: number;
  readonly tls: TlsClientOptions;
  /** What the client speaks, best first. */
  readonly protocols: readonly ClientProtocol[];
  readonly makeSession: MakeSession;
}

/** Makes the session of a new connection: what ALPN has chosen, or else of what is offered the one that needs none. */
export type MakeSession = (
  chosen: string | undefined,
  offered: readonly ClientProtocol[],
  owner: SessionOwner,
) => Protocol & ClientSession;

/** The connections of a client, by where they lead. */
export class ConnectionPool {
  readonly #reactor: Reactor;
  readonly #parts: ConnectionPoolParts;
  readonly #limits: Required<{ [K in keyof PoolOptions]: number }>;
  readonly #pools = new Map<string, OriginPool>();
  readonly #ids = new WeakMap<ClientEndpoint, number>();
  readonly #spoken: SpokenVersions;
  #lastId = 0;
  readonly #rests = new Set<Deferred<void>>();
  readonly #closing: (() => void)[] = [];
  #closed: Error | undefined;
  /** Somebody waits for a connection that the limit of all did not allow. */
  #starved = false;

  /** @throws RangeError when a limit makes no sense */
  constructor(reactor: Reactor, parts: ConnectionPoolParts) {
    const { maxConnectionsPerOrigin = 16, maxConnections = 256, maxQueued = 1_000 } = parts.options;
    const { queueMs = 30_000, idleMs = 4_000, lifetimeMs = 600_000 } = parts.options;
    this.#reactor = reactor;
    this.#parts = parts;
    this.#spoken = new SpokenVersions(reactor.clock);
    this.#limits = {
      maxConnectionsPerOrigin,
      maxConnections,
      maxQueued,
      queueMs,
      idleMs,
      lifetimeMs,
    };
    for (const [name, value] of Object.entries(this.#limits)) {
      const least = name.startsWith('maxConnections') ? 1 : 0;
      if (!(value >= least)) {
        throw new RangeError(
          `Cannot pool connections as ${name} must be ${least} or more: ${value}`,
        );
      }
    }
  }

  get idleMs(): number {
    return this.#limits.idleMs;
  }
  get lifetimeMs(): number {
    return this.#limits.lifetimeMs;
  }

  /** A session that can take a request now: start it in the turn in which it is given. */
  acquire(destination: Destination, options: { readonly fresh: boolean }): Deferred<ClientSession> {
    if (this.#closed) return fail(this.#closed);
    const key = this.#keyOf(destination);
    let pool = this.#pools.get(key);
    if (!pool) {
      try {
        pool = this.#newPool(destination, key);
      } catch (error) {
        return fail(error);
      }
      this.#pools.set(key, pool);
    }
    return pool.acquire(options);
  }

  /** Waits between two attempts; not for a client that is closed meanwhile. */
  rest(ms: number): Deferred<void> {
    if (this.#closed) return fail(this.#closed);
    const timer = this.#reactor.clock.callLater(ms, () => rest.resolve());
    const rest = new Deferred<void>({ canceller: () => timer.cancel(), where: 'http retry' });
    this.#rests.add(rest);
    return rest.addBoth((outcome) => {
      timer.cancel();
      this.#rests.delete(rest);
      if (outcome.state === 'rejected') throw outcome.error;
    });
  }

  status(): PoolStatus {
    const pools = [...this.#pools.values()];
    const sum = (of: (pool: OriginPool) => number): number =>
      pools.reduce((total, pool) => total + of(pool), 0);
    return {
      origins: pools.length,
      connections: sum((pool) => pool.size),
      idle: sum((pool) => pool.idle),
      waiting: sum((pool) => pool.waiting),
    };
  }

  /** Takes no more requests and ends what is idle. */
  close(): void {
    this.#closed ??= closedError();
    for (const rest of this.#rests) rest.reject(this.#closed);
    for (const pool of this.#pools.values()) pool.retire();
    this.#shrunk();
  }

  abort(): void {
    this.close();
    for (const pool of this.#pools.values()) pool.abortAll(this.#closed ?? closedError());
  }

  /** Calls back when there is no connection left. */
  whenEmpty(listener: () => void): void {
    this.#closing.push(listener);
    this.#shrunk();
  }

  /** Two endpoints may print alike and lead elsewhere: of objects only the very same one is the same. */
  #keyOf({ origin, way, alone }: Destination): string {
    const key = `${origin.scheme}://${origin.hostname}:${origin.port}${alone ? ' alone' : ''}`;
    if (way === undefined) return key;
    if (typeof way === 'string') return `${key} ${way}`;
    let id = this.#ids.get(way);
    if (id === undefined) {
      id = ++this.#lastId;
      this.#ids.set(way, id);
    }
    return `${key} #${id}`;
  }

  /** Over TLS both ends choose; without it HTTP/2 is spoken by whoever speaks nothing else. */
  #offered(key: string, { origin, alone }: Destination): readonly ClientProtocol[] {
    const { protocols } = this.#parts;
    if (!protocols.includes('http/1.1')) return protocols;
    const http1 = alone || origin.scheme === 'http' || this.#spoken.wantsHttp1(key);
    return http1 ? ['http/1.1'] : protocols;
  }

  #newPool(destination: Destination, key: string): OriginPool {
    const { connectMs, tls, makeSession } = this.#parts;
    const { origin } = destination;
    const endpoint = endpointOf(destination, connectMs);
    // One object for all connections that offer the same: sessions of TLS are taken up again by it.
    const secured = new Map<string, TlsClientOptions>();
    const securedFor = (offered: readonly ClientProtocol[]): TlsClientOptions => {
      const made = secured.get(String(offered)) ?? {
        ...tls,
        serverName: tls.serverName ?? origin.hostname,
        alpn: tls.alpn ?? offered,
      };
      secured.set(String(offered), made);
      return made;
    };
    return new OriginPool(this.#reactor, {
      maxConnections: this.#limits.maxConnectionsPerOrigin,
      maxQueued: this.#limits.maxQueued,
      queueMs: this.#limits.queueMs,
      dial: (owner) => {
        const offered = this.#offered(key, destination);
        return dial(
          this.#reactor,
          { origin, endpoint },
          {
            connectMs,
            secured: securedFor(offered),
            protocols: offered,
            make: (chosen) => makeSession(chosen, offered, owner),
          },
        );
      },
      mayBeShared: () =>
        this.#offered(key, destination).includes('h2') && this.#spoken.mayBeShared(key),
      turnedOut: (shared) => {
        if (this.#offered(key, destination).includes('h2')) this.#spoken.turnedOut(key, shared);
      },
      downgraded: () => this.#spoken.downgraded(key),
      admits: () => this.#admits(),
      rests: () => {
        if (this.#starved) this.#shrunk();
      },
      shrunk: () => this.#shrunk(),
    });
  }

  /** Makes room by ending what somebody else does not use. */
  #admits(): boolean {
    if (this.status().connections < this.#limits.maxConnections) return true;
    this.#starved = true;
    // It is gone in a later turn, and calls `shrunk` then.
    for (const pool of this.#pools.values()) if (pool.closeOldestIdle()) return false;
    return false;
  }

  #shrunk(): void {
    this.#starved = false;
    for (const [key, pool] of this.#pools) if (pool.empty) this.#pools.delete(key);
    for (const pool of this.#pools.values()) if (pool.waiting > 0) pool.dialMore();
    if (this.#pools.size > 0) return;
    for (const listener of this.#closing.splice(0)) listener();
  }
}

function closedError(): HttpRequestError {
  const text = 'Cannot send the request as the client was closed';
  return new HttpRequestError('HAWSER_HTTP_CLIENT_CLOSED', text, {
    phase: 'queue',
    sent: 'nothing',
  });
}
