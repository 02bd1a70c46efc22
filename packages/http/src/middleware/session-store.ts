import type { Has } from '@hawser/core';

/** A session as a store keeps it. */
export interface StoredSession {
  /** JSON. */
  readonly data: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds since 1970. A store may drop it then; what it still gives after that is not used. */
  readonly expiresAt: number;
}

/**
 * Where sessions are. `id` is made from the secret of the cookie and does not give it away: who can read the store cannot
 * take a session over. What a method throws or rejects with fails the request.
 */
export interface SessionStore {
  read(id: string): StoredSession | undefined | Promise<StoredSession | undefined>;
  create(id: string, session: StoredSession): void | Promise<void>;
  /** Only if it is still there, in one step: a session that was destroyed meanwhile must not come back. False if not. */
  update(id: string, session: StoredSession): boolean | Promise<boolean>;
  /** False if it was not there any more: of two that delete it only one may be told true. */
  delete(id: string): boolean | Promise<boolean>;
}

/** Options for {@link memorySessions}. */
export interface MemorySessionOptions {
  /**
   * Over it the one that was not saved for the longest time is dropped: who gets a session without a login should be
   * limited by `rateLimit`, or strangers drop those of users. @defaultValue 10_000
   */
  readonly maxSessions?: number | undefined;
}

/** A store in memory, for one process and until it ends. */
export interface MemorySessionStore extends SessionStore {
  readonly size: number;
}

/**
 * Makes a store in memory that drops sessions when they run out, on the clock of the reactor, or are too many.
 *
 * @throws RangeError for a limit that is no whole number from 1
 */
export function memorySessions(
  reactor: Has<'clock'>,
  options: MemorySessionOptions = {},
): MemorySessionStore {
  const { maxSessions = 10_000 } = options;
  if (!Number.isInteger(maxSessions) || maxSessions < 1) {
    throw new RangeError(
      `Cannot keep sessions as maxSessions must be a whole number from 1: ${maxSessions}`,
    );
  }
  // In the order in which they were saved, which is nearly that in which they run out.
  const sessions = new Map<string, StoredSession>();
  const put = (id: string, session: StoredSession): void => {
    sessions.delete(id);
    sessions.set(id, session);
  };
  return {
    get size() {
      return sessions.size;
    },
    read(id) {
      const session = sessions.get(id);
      if (session === undefined || session.expiresAt > reactor.clock.epoch()) return session;
      sessions.delete(id);
      return undefined;
    },
    create(id, session) {
      put(id, session);
      const now = reactor.clock.epoch();
      for (const [oldest, { expiresAt }] of sessions) {
        if (sessions.size <= maxSessions && expiresAt > now) break;
        sessions.delete(oldest);
      }
    },
    update(id, session) {
      if (!sessions.has(id)) return false;
      put(id, session);
      return true;
    },
    delete: (id) => sessions.delete(id),
  };
}
