import type { HttpHandler } from '../contract/http-handler.ts';
import type { CacheControl } from './cache-control.ts';
import type { FileCacheOptions } from './file-cache.ts';
import type { EtagPolicy } from './file-tags.ts';
import type { SymlinkPolicy } from './file-tree.ts';
import type { StoredCoding } from './precompressed.ts';
import type { DotfilePolicy } from './request-path.ts';

/** Options for `staticFiles` and `staticOrNext`. */
export interface StaticOptions {
  /** The part of the path in front of the files, such as `/assets/`; other paths are not found. @defaultValue `'/'` */
  readonly prefix?: string | undefined;
  /** The file that stands for its directory; the path of which then ends with a slash. @defaultValue `'index.html'` */
  readonly index?: string | false | undefined;
  /** Directories without an index show what is in them. @defaultValue false */
  readonly listing?: boolean | undefined;
  /**
   * Names that begin with a dot: `'ignore'` finds none, `'deny'` answers 403. `.well-known` at the top is always served.
   * @defaultValue `'ignore'`
   */
  readonly dotfiles?: DotfilePolicy | undefined;
  /** @defaultValue `'inside'` */
  readonly symlinks?: SymlinkPolicy | undefined;
  /** Endings to try for a name that is not there: with `['html']`, `/about` finds `about.html`. @defaultValue none */
  readonly extensions?: readonly string[] | undefined;
  /**
   * Sends `app.js.br`, `app.js.zst` or `app.js.gz` in place of `app.js` to peers that accept it, if it is there. True is
   * `['br', 'zstd', 'gzip']`, which is the order among what a peer likes equally. @defaultValue false
   */
  readonly precompressed?: boolean | readonly StoredCoding[] | undefined;
  /**
   * `'weak'` is made of size and time, `'strong'` of the bytes, which are read once more for it whenever a file has
   * changed. Only a strong one, or the time, lets a peer resume a download. @defaultValue `'weak'`
   */
  readonly etag?: EtagPolicy | undefined;
  /** @defaultValue `'no-cache'`: kept by the peer, and asked for again each time, which is answered with 304 */
  readonly cacheControl?: CacheControl | undefined;
  /** Paths with a hash of the content in them, such as `/-[0-9a-f]{8}\./`: a peer may keep those for a year. */
  readonly immutable?: RegExp | undefined;
  /** More fields for every file. `x-content-type-options: nosniff` is there already. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Media types by ending, such as `{ '.wasm': 'application/wasm' }`, before those known. */
  readonly contentTypes?: Readonly<Record<string, string>> | undefined;
  /** Ranges of one request; for more the whole is sent. 0 sends no parts. @defaultValue 16 */
  readonly maxRanges?: number | undefined;
  /** A file for pages that are not there, such as `'index.html'` of an application with paths of its own. */
  readonly fallback?: string | undefined;
  /**
   * Keeps small files in memory: an answer with one costs a tenth then, and is there in the same turn. @defaultValue none
   * is kept
   */
  readonly cache?: boolean | FileCacheOptions | undefined;
  /** Answers what is not there. @defaultValue 404 */
  readonly notFound?: HttpHandler | undefined;
}
