import type { Clock } from '@hawser/core';
import { type Cookie, MemoryCookieStore, CookieJar as ToughJar } from 'tough-cookie';

/** Keeps cookies between requests (RFC 6265). Never throws for what a server sends. */
export interface CookieJar {
  /** The value of the `Cookie` field for a request to `url`, if there is one. */
  cookiesFor(url: URL): string | undefined;
  /** Takes the `Set-Cookie` fields of a response from `url`. Those that are not for it are left out. */
  take(url: URL, lines: readonly string[]): void;
}

/** Options for {@link cookieJar}. */
export interface CookieJarOptions {
  /** Cookies in all; a new one beyond replaces the least recently used. @defaultValue 3_000 */
  readonly maxCookies?: number | undefined;
  /** Cookies of one domain. @defaultValue 50 */
  readonly maxPerDomain?: number | undefined;
  /** A longer line is left out, in bytes. @defaultValue 4_096 */
  readonly maxCookieBytes?: number | undefined;
}

/** `Set-Cookie` lines of one response beyond these are not looked at. */
const MAX_LINES = 100;
/** Servers may take these for the prefixes that promise something, as case does not count there (RFC 6265bis §5.7). */
const DISGUISED = /^\s*__(?!Host-|Secure-)(?:[hH][oO][sS][tT]|[sS][eE][cC][uU][rR][eE])-/;
/** The largest time that a date can have. */
const LAST_DATE = 8.64e15;

/**
 * A jar in memory. Cookies for a public suffix such as `co.uk` are refused, `Secure` ones go over TLS only, and the
 * prefixes `__Host-` and `__Secure-` are held to their promise. Bounded.
 */
export function cookieJar(clock: Pick<Clock, 'epoch'>, options: CookieJarOptions = {}): CookieJar {
  const { maxCookies = 3_000, maxPerDomain = 50, maxCookieBytes = 4_096 } = options;
  const store = new MemoryCookieStore();
  const jar = new ToughJar(store, {
    rejectPublicSuffixes: true,
    prefixSecurity: 'silent',
    allowSecureOnLocal: false,
  });
  const uses = new Uses((place) => {
    store.removeCookie(place.domain, place.path, place.key, () => undefined);
  });
  // oxlint-disable-next-line no-restricted-globals -- the jar takes dates: these are of the reactor's clock
  const date = (ms: number): Date => new Date(ms);

  return {
    cookiesFor(url) {
      // The jar would look at the clock of the system: what has expired is found here.
      const found = cookiesIn(jar, url);
      const alive = found.filter((cookie) => {
        if ((cookie.expiryTime() ?? Number.POSITIVE_INFINITY) > clock.epoch()) return true;
        uses.drop(placeOf(cookie));
        return false;
      });
      for (const cookie of alive) uses.touch(placeOf(cookie));
      return alive.length > 0 ? alive.map((cookie) => cookie.cookieString()).join('; ') : undefined;
    },
    take(url, lines) {
      const now = clock.epoch();
      for (const line of lines.slice(0, MAX_LINES)) {
        if (line.length > maxCookieBytes || DISGUISED.test(line)) continue;
        const cookie = jar.setCookieSync(line, bare(url), { ignoreError: true, now: date(now) });
        if (!cookie) continue;
        // From when it was set, not from when it was last used.
        if (typeof cookie.maxAge === 'number') {
          cookie.expires = date(Math.min(now + cookie.maxAge * 1_000, LAST_DATE));
          cookie.maxAge = null;
        }
        const place = placeOf(cookie);
        if ((cookie.expiryTime() ?? Number.POSITIVE_INFINITY) <= now) uses.drop(place);
        else uses.touch(place);
        uses.shrink(maxPerDomain, place.domain);
        uses.shrink(maxCookies);
      }
    },
  };
}

/** Where a cookie is kept. */
interface Place {
  readonly domain: string;
  readonly path: string;
  readonly key: string;
}

/** The cookies there are, the least recently used first. */
class Uses {
  readonly #places = new Map<string, Place>();
  readonly #dropped: (place: Place) => void;

  constructor(dropped: (place: Place) => void) {
    this.#dropped = dropped;
  }

  touch(place: Place): void {
    const id = JSON.stringify(place);
    this.#places.delete(id);
    this.#places.set(id, place);
  }

  drop(place: Place): void {
    this.#places.delete(JSON.stringify(place));
    this.#dropped(place);
  }

  /** Drops until there are at most `most`, of one domain or of all. */
  shrink(most: number, domain?: string): void {
    const those = [...this.#places.values()].filter(
      (place) => domain === undefined || place.domain === domain,
    );
    for (const place of those.slice(0, Math.max(0, those.length - most))) this.drop(place);
  }
}

function placeOf(cookie: Cookie): Place {
  return { domain: cookie.domain ?? '', path: cookie.path ?? '/', key: cookie.key };
}

function cookiesIn(jar: ToughJar, url: URL): readonly Cookie[] {
  try {
    return jar.getCookiesSync(bare(url), { expire: false, sort: true });
  } catch {
    // A host such as `test` alone: the jar keeps nothing for it, and says so by this.
    return [];
  }
}

/** Without what is no business of the jar. */
function bare(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
