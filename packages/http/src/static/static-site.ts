import { resolve } from 'node:path';
import type { HttpContext } from '../contract/http-handler.ts';
import { rankEncodings } from '../delivery/accept-encoding.ts';
import { pathOf, targetOf } from '../routing/request-path.ts';
import { cacheControlOf } from './cache-control.ts';
import { contentTypeOf } from './content-type.ts';
import { directoryListing } from './directory-listing.ts';
import { answerWithFile } from './file-answer.ts';
import { FileCache } from './file-cache.ts';
import { loadFile } from './file-content.ts';
import { FileTags } from './file-tags.ts';
import { FileTree, type FoundFile } from './file-tree.ts';
import { lowerCaseNames } from './lower-case-names.ts';
import { redirectToDirectory, wantsPage } from './page-request.ts';
import { findVariant, type StoredCoding } from './precompressed.ts';
import { type RequestPath, readRequestPath } from './request-path.ts';
import type { StaticOptions } from './static-options.ts';
import { retryChanged, toHttpError } from './system-errors.ts';

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
    const path = pathOf(targetOf(request.url));
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
    const fields = lowerCaseNames(headers);
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

function codingsOf(precompressed: boolean | readonly StoredCoding[]): readonly StoredCoding[] {
  if (typeof precompressed !== 'boolean') return [...precompressed];
  return precompressed ? ['br', 'zstd', 'gzip'] : [];
}

function join(before: string | undefined, name: string): string {
  return before === undefined ? name : `${before}, ${name}`;
}
