import { resolve } from 'node:path';
import type { HttpContext, HttpHandler } from '../contract/http-handler.ts';
import { rankEncodings } from '../delivery/accept-encoding.ts';
import { pathOf, targetOf } from '../delivery/url-parts.ts';
import { HttpResponse } from '../web/http-response.ts';
import { contentTypeOf } from './content-type.ts';
import { directoryListing } from './directory-listing.ts';
import { answerWithFile } from './file-answer.ts';
import { FileCache, type FileCacheOptions } from './file-cache.ts';
import { loadFile } from './file-content.ts';
import { type CacheControl, cacheControlOf, type EtagPolicy, FileTags } from './file-form.ts';
import { FileTree, type FoundFile, type SymlinkPolicy } from './file-tree.ts';
import { findVariant, type StoredCoding } from './precompressed.ts';
import { type DotfilePolicy, type RequestPath, readRequestPath } from './request-path.ts';
import { retryChanged, toHttpError } from './system-errors.ts';

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

type GoodPath = RequestPath & { readonly ok: true };

/** The files below a root, and how they are shown: what `staticFiles` and `staticOrNext` share. */
export class StaticSite {
  readonly #prefix: string;
  readonly #index: string | undefined;
  readonly #options: StaticOptions;
  readonly #tree: FileTree;
  readonly #tags: FileTags;
  readonly #codings: readonly StoredCoding[];
  readonly #maxRanges: number;
  readonly #cache: FileCache | undefined;

  /** @throws RangeError if an option makes no sense */
  constructor(root: string, options: StaticOptions) {
    const { prefix = '/', index = 'index.html', maxRanges = 16, precompressed = false } = options;
    if (!Number.isInteger(maxRanges) || maxRanges < 0) {
      throw new RangeError(
        `Cannot serve files as maxRanges must be a whole number >= 0: ${maxRanges}`,
      );
    }
    if (!prefix.startsWith('/')) {
      throw new RangeError(`Cannot serve files as the prefix must begin with "/": "${prefix}"`);
    }
    this.#prefix = prefix.endsWith('/') ? prefix : `${prefix}/`;
    this.#index = index === false ? undefined : index;
    this.#options = options;
    this.#tree = new FileTree(resolve(root), options.symlinks ?? 'inside');
    this.#tags = new FileTags(options.etag ?? 'weak');
    this.#codings = codingsOf(precompressed);
    this.#maxRanges = maxRanges;
    const { cache = false } = options;
    if (cache !== false) this.#cache = new FileCache(cache === true ? {} : cache);
  }

  /** What the path of `request` names below the root; `undefined` if it has another prefix. */
  pathOf(request: Request): RequestPath | undefined {
    const path = pathOf(request.url);
    if (path.startsWith(this.#prefix)) {
      return readRequestPath(path.slice(this.#prefix.length - 1), this.#options);
    }
    if (path !== this.#prefix.slice(0, -1)) return undefined;
    return { ok: true, segments: [], directory: false };
  }

  /** The answer with a file in memory; `undefined` if there is none. */
  fromMemory(
    request: Request,
    { reactor: { clock } }: HttpContext,
    { segments, directory }: GoodPath,
  ): Response | Promise<Response> | undefined {
    if (!this.#cache || (directory && this.#index === undefined)) return undefined;
    const names = directory ? [...segments, this.#index ?? ''] : segments;
    const cached = this.#cache.fresh(this.#keyOf(request, names), clock.now());
    if (!cached) return undefined;
    const { file, form, bytes } = cached;
    return answerWithFile(request, file, { ...form, now: clock.epoch(), bytes });
  }

  /**
   * The answer to GET or HEAD; `undefined` if there is nothing.
   *
   * @throws HttpError 403 for what this process may not read, 503 if it has no descriptors left
   */
  async answer(
    request: Request,
    context: HttpContext,
    path: GoodPath,
  ): Promise<Response | undefined> {
    try {
      return await retryChanged(() => this.#answer(request, context, path));
    } catch (error) {
      throw toHttpError(error);
    }
  }

  async #answer(
    request: Request,
    context: HttpContext,
    { segments, directory }: GoodPath,
  ): Promise<Response | undefined> {
    const { fallback } = this.#options;
    const answer = directory
      ? await this.#directory(request, context, segments)
      : await this.#file(request, context, segments);
    if (answer || fallback === undefined || !wantsPage(request, segments)) return answer;
    return this.#known(request, context, [fallback]);
  }

  async #file(
    request: Request,
    context: HttpContext,
    segments: readonly string[],
  ): Promise<Response | undefined> {
    const found = await this.#tree.find(segments);
    if (found?.kind === 'file') return this.#send(request, context, { found, segments });
    if (found?.kind === 'directory') {
      return (await this.#hasPage(segments)) ? redirectToDirectory(request) : undefined;
    }
    const last = segments.at(-1) ?? '';
    for (const ending of this.#options.extensions ?? []) {
      const named = [...segments.slice(0, -1), `${last}.${ending}`];
      const answer = await this.#known(request, context, named);
      if (answer) return answer;
    }
    return undefined;
  }

  async #directory(
    request: Request,
    context: HttpContext,
    segments: readonly string[],
  ): Promise<Response | undefined> {
    if (this.#index !== undefined) {
      const answer = await this.#known(request, context, [...segments, this.#index]);
      if (answer) return answer;
    }
    if (this.#options.listing !== true) return undefined;
    const found = await this.#tree.find(segments);
    if (found?.kind !== 'directory') return undefined;
    return directoryListing(request, found.path, {
      title: `/${segments.map((each) => `${each}/`).join('')}`,
      parent: segments.length > 0,
      dotfiles: this.#options.dotfiles ?? 'ignore',
    });
  }

  async #hasPage(segments: readonly string[]): Promise<boolean> {
    if (this.#options.listing === true) return true;
    if (this.#index === undefined) return false;
    return (await this.#tree.find([...segments, this.#index]))?.kind === 'file';
  }

  async #known(
    request: Request,
    context: HttpContext,
    segments: readonly string[],
  ): Promise<Response | undefined> {
    const found = await this.#tree.find(segments);
    return found?.kind === 'file' ? this.#send(request, context, { found, segments }) : undefined;
  }

  async #send(
    request: Request,
    context: HttpContext,
    { found, segments }: { found: FoundFile; segments: readonly string[] },
  ): Promise<Response> {
    const { cacheControl = 'no-cache', immutable, headers, contentTypes } = this.#options;
    const contentType = contentTypeOf(segments.at(-1) ?? '', contentTypes);
    const path = `/${segments.join('/')}`;
    const fields = lowerCase(headers);
    const caching = cacheControlOf(
      { path, contentType, size: found.size },
      { cacheControl, immutable },
    );
    if (caching !== undefined) fields['cache-control'] ??= caching;
    // A cache must know of the other forms, even when this is the plain one.
    if (this.#codings.length > 0) fields['vary'] = join(fields['vary'], 'accept-encoding');
    const { file, coding } = await findVariant(this.#tree, {
      plain: found,
      segments,
      accepted: request.headers.get('accept-encoding'),
      codings: this.#codings,
    });
    const form = {
      contentType,
      encoding: coding,
      etag: await this.#tags.tagOf(file),
      maxRanges: this.#maxRanges,
      fields,
      contentFields: { 'x-content-type-options': 'nosniff' },
    };
    const { clock } = context.reactor;
    const cache =
      request.method === 'GET' && this.#cache?.takes(file.size) ? this.#cache : undefined;
    if (!cache) return answerWithFile(request, file, { ...form, now: clock.epoch() });
    const key = this.#keyOf(request, segments);
    const bytes =
      cache.bytesOf(key, file) ?? (await loadFile(file, { start: 0, end: file.size - 1 }));
    cache.put(key, { file, form, bytes }, clock.now());
    return answerWithFile(request, file, { ...form, now: clock.epoch(), bytes });
  }

  /** Peers with the same order of codings get the same form. */
  #keyOf(request: Request, segments: readonly string[]): string {
    const path = segments.join('/');
    if (this.#codings.length === 0) return path;
    const ranked = rankEncodings(request.headers.get('accept-encoding'), this.#codings);
    return `${ranked.join(' ')}/${path}`;
  }
}

function lowerCase(fields: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

function codingsOf(precompressed: boolean | readonly StoredCoding[]): readonly StoredCoding[] {
  if (typeof precompressed !== 'boolean') return [...precompressed];
  return precompressed ? ['br', 'zstd', 'gzip'] : [];
}

/**
 * To the same path with a slash. Relative, so that it holds wherever the files are mounted, and cannot lead to another
 * host.
 */
function redirectToDirectory(request: Request): Response {
  const path = pathOf(request.url);
  const last = path.slice(path.lastIndexOf('/') + 1);
  const query = targetOf(request.url).slice(path.length);
  return new HttpResponse(null, { status: 308, headers: { location: `./${last}/${query}` } });
}

/** A page is asked for by name, not a picture or script that is missing. */
function wantsPage(request: Request, segments: readonly string[]): boolean {
  if (segments.at(-1)?.includes('.')) return false;
  return /(?:^|[,\s])text\/html(?:$|[;,\s])/i.test(request.headers.get('accept') ?? '');
}

function join(before: string | undefined, name: string): string {
  return before === undefined ? name : `${before}, ${name}`;
}
