import { createHash } from 'node:crypto';
import type { Answer, HttpContext } from '../contract/http-handler.ts';
import type { Next } from '../contract/middleware.ts';
import type { Middleware } from '../routing/middleware.ts';
import { whenThere } from '../routing/now-or-later.ts';
import type { RoutedRequest } from '../routing/routed-request.ts';
import { type CookieOptions, formatCookie, readCookies } from './cookies.ts';
import { editHeaders } from './edit-response.ts';
import { LiveSession, type Session, type SessionChange } from './session.ts';
import { memorySessions, type SessionStore, type StoredSession } from './session-store.ts';

/** Options for {@link sessions}. */
export interface SessionOptions {
  /** @defaultValue a store in memory of its own, see `memorySessions` */
  readonly store?: SessionStore | undefined;
  /** @defaultValue `__Host-session`, `session` where the cookie cannot have that prefix; `Lax`, `Secure`, `HttpOnly` */
  readonly cookie?: SessionCookieOptions | undefined;
  /** How long a session lasts, in milliseconds. @defaultValue 86_400_000, a day */
  readonly maxAgeMs?: number | undefined;
  /** Whether it lasts that long after it was used last, rather than after it was made. @defaultValue false */
  readonly rolling?: boolean | undefined;
  /** Longest that a rolling session lasts after it was made, in milliseconds. @defaultValue 2_592_000_000, 30 days */
  readonly maxLifetimeMs?: number | undefined;
  /** Longest data of one session, as JSON, in characters. @defaultValue 16_384 */
  readonly maxDataLength?: number | undefined;
}

/** The cookie of a session. How long it lasts is up to the session. */
export interface SessionCookieOptions extends Omit<CookieOptions, 'maxAge' | 'httpOnly'> {
  readonly name?: string | undefined;
}

interface Settings {
  readonly cookieName: string;
  readonly cookie: SessionCookieOptions;
  readonly maxAgeMs: number;
  readonly rolling: boolean;
  readonly maxLifetimeMs: number;
  readonly maxDataLength: number;
}

const SECRET_BYTES = 32;
const SECRET = /^[\w-]{43}$/;

/**
 * Gives every request a {@link Session}. A browser gets a cookie once something is set, with a secret of 256 bits from the
 * reactor's randomness; a secret that is not in the store is never taken over. A session is saved before the response
 * leaves, and only if it was changed; if the handler throws it is not. With `rolling` it is also saved when a tenth of
 * its time has gone by.
 *
 * Requests of one browser may run side by side. Each works on the data as they were when it began; the one that is saved
 * last counts, as a whole. A session that one of them destroys or regenerates stays so: what the others change is dropped.
 *
 * @throws RangeError for times and lengths that are no whole numbers from 1
 * @example
 * const app = router()
 *   .use(sessions<{ user: string }>())
 *   .post('/login', ({ session }) => { session.regenerate(); session.set('user', 'ada'); return ok(); })
 *   .get('/me', ({ session }) => Response.json(session.get('user') ?? null));
 */
export function sessions<Data extends object>(
  options: SessionOptions = {},
): Middleware<{ readonly session: Session<Data> }> {
  const settings = settingsOf(options);
  let { store } = options;
  const middleware: Middleware = (request, next, context) => {
    store ??= memorySessions(context.reactor);
    const visit = new Visit<Data>(settings, store, context);
    const stored = visit.read(request);
    return whenThere(stored, (found) => visit.run(found, request, next));
  };
  return middleware as Middleware<{ readonly session: Session<Data> }>;
}

/** One request with a session. */
class Visit<Data extends object> {
  readonly #settings: Settings;
  readonly #store: SessionStore;
  readonly #context: HttpContext;
  /** The key of what is stored; `undefined` if nothing is. */
  #id: string | undefined;
  /** What the browser has sent, good or not. */
  #secret: string | undefined;
  #stored: StoredSession | undefined;

  constructor(settings: Settings, store: SessionStore, context: HttpContext) {
    this.#settings = settings;
    this.#store = store;
    this.#context = context;
  }

  read(request: RoutedRequest): StoredSession | undefined | Promise<StoredSession | undefined> {
    const secret = readCookies(request)[this.#settings.cookieName];
    this.#secret = secret;
    if (secret === undefined || !SECRET.test(secret)) return undefined;
    this.#id = idOf(secret);
    return this.#store.read(this.#id);
  }

  run(found: StoredSession | undefined, request: RoutedRequest, next: Next): Answer {
    const data = this.#usable(found);
    if (data === undefined) this.#id = undefined;
    else this.#stored = found;
    const session = new LiveSession<Data>(data);
    Object.assign(request, { session });
    return whenThere(next(), (response) => this.#finish(session, response));
  }

  #usable(found: StoredSession | undefined): Partial<Data> | undefined {
    if (found === undefined || found.expiresAt <= this.#now()) return undefined;
    try {
      const data: unknown = JSON.parse(found.data);
      if (typeof data === 'object' && data !== null) return data as Partial<Data>;
    } catch (error) {
      this.#context.reactor.reports.problem('sessions', error);
    }
    return undefined;
  }

  #finish(session: LiveSession<Data>, response: Response): Answer {
    const change = session.finish();
    const id = this.#id;
    if (change === 'destroy') {
      if (this.#secret === undefined) return response;
      return whenThere(id === undefined ? undefined : this.#store.delete(id), () =>
        this.#withCookie(response, '', 0),
      );
    }
    if (change === 'none' && !this.#isDue()) return response;
    if (id === undefined || change === 'regenerate' || change === 'replace') {
      return this.#create(session, response, change);
    }
    const { createdAt } = this.#stored ?? { createdAt: this.#now() };
    const stored = this.#toStore(session, createdAt);
    return whenThere(this.#store.update(id, stored), (there) =>
      there && this.#settings.rolling
        ? this.#withCookie(response, this.#secret ?? '', stored.expiresAt)
        : response,
    );
  }

  #create(session: LiveSession<Data>, response: Response, change: SessionChange): Answer {
    const secret = this.#context.reactor.random.bytes(SECRET_BYTES).toString('base64url');
    const stored = this.#toStore(session, this.#now());
    const id = idOf(secret);
    const old = this.#id;
    // First the new one: if that fails, the browser still has the old one.
    return whenThere(this.#store.create(id, stored), () =>
      whenThere(old === undefined || this.#store.delete(old), (there) =>
        // What another request has ended meanwhile must not live on under a secret that it does not know.
        there || change !== 'regenerate'
          ? this.#withCookie(response, secret, stored.expiresAt)
          : whenThere(this.#store.delete(id), () => response),
      ),
    );
  }

  #toStore(session: LiveSession<Data>, createdAt: number): StoredSession {
    const data = session.toJson(this.#settings.maxDataLength);
    return { data, createdAt, expiresAt: this.#expiry(createdAt) };
  }

  #expiry(createdAt: number): number {
    const { maxAgeMs, maxLifetimeMs, rolling } = this.#settings;
    if (!rolling) return createdAt + maxAgeMs;
    return Math.min(this.#now() + maxAgeMs, createdAt + maxLifetimeMs);
  }

  // A rolling session is not saved at each request, which would cost as much as to change it.
  #isDue(): boolean {
    if (this.#stored === undefined) return false;
    const gained = this.#expiry(this.#stored.createdAt) - this.#stored.expiresAt;
    return gained > this.#settings.maxAgeMs / 10;
  }

  #withCookie(response: Response, secret: string, expiresAt: number): Response {
    const { cookieName, cookie } = this.#settings;
    const maxAge = Math.max(0, Math.ceil((expiresAt - this.#now()) / 1_000));
    const line = formatCookie(cookieName, secret, { ...cookie, maxAge });
    return editHeaders(response, (headers) => {
      headers.append('set-cookie', line);
      // A cache must not give the cookie to somebody else.
      if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
    });
  }

  #now(): number {
    return this.#context.reactor.clock.epoch();
  }
}

function idOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

function settingsOf(options: SessionOptions): Settings {
  const { cookie: given = {}, rolling = false } = options;
  const { maxAgeMs = 86_400_000, maxLifetimeMs = 2_592_000_000, maxDataLength = 16_384 } = options;
  for (const [name, value] of Object.entries({ maxAgeMs, maxLifetimeMs, maxDataLength })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(
        `Cannot keep sessions as ${name} must be a whole number from 1: ${value}`,
      );
    }
  }
  const { name, ...cookie } = given;
  const ownHost =
    cookie.secure !== false && cookie.domain === undefined && (cookie.path ?? '/') === '/';
  const cookieName = name ?? (ownHost ? '__Host-session' : 'session');
  // Throws now what it would throw at the first login.
  formatCookie(cookieName, '', cookie);
  return { cookieName, cookie, maxAgeMs, rolling, maxLifetimeMs, maxDataLength };
}
