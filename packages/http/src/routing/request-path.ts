// Where a router looks (RFC 3986 §3.3): the path and query of a URL as they were sent.

// "." and ".." segments, however they are written, and NUL. The server and what it hands a path to (files, a proxy, a
// cache) could understand them differently; clients resolve them before they send.
const UNWELCOME = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)|%00/i;
const ENCODED_SLASH = /%(?:2f|5c)/i;

/** Path and query of an absolute URL. */
export function targetOf(url: string): string {
  // "https://" is 8 long, and the shortest host has one character.
  const start = url.indexOf('/', 8);
  return start < 0 ? '/' : url.slice(start);
}

/** The path of a target. */
export function pathOf(target: string): string {
  for (let at = 0; at < target.length; at += 1) {
    const code = target.charCodeAt(at);
    if (code === 0x3f || code === 0x23) return target.slice(0, at);
  }
  return target;
}

/** The query of a target, without the question mark. */
export function queryOf(target: string): string {
  const start = target.indexOf('?');
  if (start < 0) return '';
  const end = target.indexOf('#', start);
  return end < 0 ? target.slice(start + 1) : target.slice(start + 1, end);
}

/** Whether the path may be understood in two ways, or not at all. */
export function isUnwelcome(target: string): boolean {
  // Nearly every path ends here.
  if (!target.includes('/.') && !target.includes('%')) return false;
  const path = pathOf(target);
  if (UNWELCOME.test(path)) return true;
  if (!path.includes('%')) return false;
  try {
    decodeURIComponent(path);
    return false;
  } catch {
    return true;
  }
}

/** What comes after `slashes` slashes, as it was sent. */
export function restOf(path: string, slashes: number): string {
  let at = -1;
  for (let seen = 0; seen < slashes; seen += 1) {
    at = path.indexOf('/', at + 1);
    if (at < 0) return '';
  }
  return path.slice(at + 1);
}

/** Whether decoding would make more segments of it. */
export function hidesSlash(path: string): boolean {
  return ENCODED_SLASH.test(path);
}
