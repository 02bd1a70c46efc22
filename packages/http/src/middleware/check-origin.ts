/**
 * Refuses what browsers would never send as an `Origin` (RFC 6454 §6.2): with a path or a slash at the end it would never
 * be equal.
 *
 * @throws RangeError
 */
export function checkOrigin(text: string): void {
  if (text !== 'null' && !isOrigin(text)) {
    throw new RangeError(`Cannot allow an origin as it is none: ${JSON.stringify(text)}`);
  }
}

// Extensions of browsers and the like: their origin is their scheme and host, but URL does not say so.
const OTHER_SCHEME = /^(?!https?:|file:)[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+$/;

function isOrigin(text: string): boolean {
  if (OTHER_SCHEME.test(text)) return true;
  return URL.canParse(text) && new URL(text).origin === text;
}
