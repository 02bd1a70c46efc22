/** What to do with names that begin with a dot. `.well-known` (RFC 8615) is served whatever is said. */
export type DotfilePolicy = 'ignore' | 'deny' | 'allow';

/** What a path of a request names below a root. */
export type RequestPath =
  /** `segments` are decoded names, none of which is empty, `.` or `..`, or has a separator. */
  | { readonly ok: true; readonly segments: readonly string[]; readonly directory: boolean }
  /** 400: no path at all; 403: a dotfile that is denied; 404: nothing can be there; 414: too long. */
  | { readonly ok: false; readonly status: 400 | 403 | 404 | 414 };

/** Options for {@link readRequestPath}. */
export interface RequestPathOptions {
  /** @defaultValue `'ignore'` */
  readonly dotfiles?: DotfilePolicy | undefined;
  /** Whose names there are. @defaultValue that of this process */
  readonly platform?: string | undefined;
}

const MAX_PATH_BYTES = 4096;
const MAX_SEGMENTS = 64;
/** Most file systems have no longer names. */
const MAX_NAME_BYTES = 255;

/** Names that Windows takes for a device, with any ending. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:\.|$)/i;

/**
 * Reads the path of a request, without its query, as names of files below some root. Each name is decoded once. What
 * could mean something else to a file system than to a reader of the path is refused rather than mended: `.` and `..`,
 * empty names, separators that were encoded, control characters, text that is no UTF-8, and on Windows drives, streams,
 * short names, devices and names that end with a dot or a space.
 */
export function readRequestPath(path: string, options: RequestPathOptions = {}): RequestPath {
  const { dotfiles = 'ignore', platform = process.platform } = options;
  if (path.length > MAX_PATH_BYTES) return { ok: false, status: 414 };
  // Only what a URI can have.
  if (!/^\/[\x21-\x7e]*$/.test(path)) return { ok: false, status: 400 };
  const parts = path.slice(1).split('/');
  const directory = parts.at(-1) === '';
  if (directory) parts.pop();
  if (parts.length > MAX_SEGMENTS) return { ok: false, status: 404 };
  const segments: string[] = [];
  for (const part of parts) {
    const name = decode(part);
    if (name === undefined) return { ok: false, status: 400 };
    if (!isSafeName(name, platform)) return { ok: false, status: 404 };
    if (name.startsWith('.') && dotfiles !== 'allow' && !isWellKnown(name, segments)) {
      return { ok: false, status: dotfiles === 'deny' ? 403 : 404 };
    }
    segments.push(name);
  }
  return { ok: true, segments, directory };
}

function decode(part: string): string | undefined {
  if (!part.includes('%')) return part;
  try {
    // Throws for what is no UTF-8, overlong forms and surrogates included.
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

function isWellKnown(name: string, before: readonly string[]): boolean {
  return name === '.well-known' && before.length === 0;
}

function isSafeName(name: string, platform: string): boolean {
  if (name === '' || name === '.' || name === '..') return false;
  // oxlint-disable-next-line no-control-regex -- that is what is looked for
  if (/[/\\\u0000-\u001f\u007f]/.test(name)) return false;
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) return false;
  return platform !== 'win32' || isSafeOnWindows(name);
}

function isSafeOnWindows(name: string): boolean {
  return !/[:*?"<>|]|[. ]$|~\d/.test(name) && !DEVICE.test(name);
}
