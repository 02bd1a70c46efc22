import { createHmac, timingSafeEqual } from 'node:crypto';
import { type CookieOptions, formatCookie, readCookies, removeCookie } from './cookies.ts';
import { editHeaders } from './edit-response.ts';

/** Options for {@link signedCookies}. */
export interface SignedCookieOptions {
  /**
   * Secrets of 32 octets or more, as bytes or text. The first signs, all of them verify: put a new one in front, and take
   * the old one away when the cookies that it signed have run out.
   */
  readonly keys: readonly (string | Uint8Array)[];
}

/** Cookies that only this server can have made. Everybody can read what is in them, and send an old one again. */
export interface SignedCookies {
  /** The value as it was set; `undefined` when there is none or somebody changed it. */
  read(request: Pick<Request, 'headers'>, name: string): string | undefined;
  /** As `setCookie`. */
  set(response: Response, name: string, value: string, options?: CookieOptions): Response;
  /** As `removeCookie`. */
  remove(response: Response, name: string, options?: Omit<CookieOptions, 'maxAge'>): Response;
}

const MIN_KEY_BYTES = 32;
// 32 octets as base64url
const MAC_LENGTH = 43;
const MAX_VALUE_LENGTH = 4_096;

/**
 * Signs cookies with HMAC-SHA256 over the name and the value, so that the value of one cookie does not pass for another.
 *
 * @throws RangeError without a key, or with a short one
 */
export function signedCookies(options: SignedCookieOptions): SignedCookies {
  const keys = options.keys.map((key) => Buffer.from(key));
  const [first] = keys;
  if (first === undefined) throw new RangeError('Cannot sign cookies as there is no key');
  const short = keys.find((key) => key.length < MIN_KEY_BYTES);
  if (short !== undefined) {
    throw new RangeError(
      `Cannot sign cookies as a key must have ${MIN_KEY_BYTES} octets or more: ${short.length}`,
    );
  }
  return {
    read(request, name) {
      const text = readCookies(request)[name];
      if (text === undefined || text.length > MAX_VALUE_LENGTH) return undefined;
      const dot = text.length - MAC_LENGTH - 1;
      if (dot < 0 || text[dot] !== '.') return undefined;
      const value = text.slice(0, dot);
      const given = Buffer.from(text.slice(dot + 1), 'latin1');
      let valid = false;
      // All of the keys: how long it takes says nothing about which one it was.
      for (const key of keys) {
        const mac = Buffer.from(macOf(key, name, value), 'latin1');
        if (mac.length === given.length && timingSafeEqual(mac, given)) valid = true;
      }
      return valid ? value : undefined;
    },
    set(response, name, value, cookie) {
      const line = formatCookie(name, `${value}.${macOf(first, name, value)}`, cookie);
      return editHeaders(response, (headers) => headers.append('set-cookie', line));
    },
    remove: removeCookie,
  };
}

// A name has no "=": where it ends cannot be moved.
function macOf(key: Buffer, name: string, value: string): string {
  return createHmac('sha256', key)
    .update(`hawser signed cookie 1\n${name}=${value}`)
    .digest('base64url');
}
