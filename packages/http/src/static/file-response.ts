import { realpath, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Clock } from '@hawser/core';
import { HttpError } from '../http-error.ts';
import { contentDisposition } from './content-disposition.ts';
import { contentTypeOf } from './content-type.ts';
import { answerWithFile } from './file-answer.ts';
import { type EtagPolicy, FileTags } from './file-tags.ts';
import { toFoundFile } from './file-tree.ts';
import { lowerCaseNames } from './lower-case-names.ts';
import { retryChanged, toHttpError } from './system-errors.ts';

/** Options for {@link fileResponse}. */
export interface FileResponseOptions {
  /** Has the peer save the file: with its own name, or this one. @defaultValue false */
  readonly download?: boolean | string | undefined;
  /** @defaultValue by the end of the name */
  readonly contentType?: string | undefined;
  /** A tag you have, or how to make one; `'strong'` reads the whole file each time. @defaultValue `'weak'` */
  readonly etag?: EtagPolicy | `"${string}"` | `W/"${string}"` | undefined;
  /** @defaultValue `'no-cache'` */
  readonly cacheControl?: string | undefined;
  /** More fields. `x-content-type-options: nosniff` is there already. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Ranges of one request; for more the whole is sent. 0 sends no parts. @defaultValue 16 */
  readonly maxRanges?: number | undefined;
  /** `reactor.clock`, by which a file of the future counts as of now. */
  readonly clock?: Pick<Clock, 'epoch'> | undefined;
}

/**
 * Answers GET or HEAD with one file: conditional requests and ranges as `staticFiles` does. `path` is taken as it is and
 * links are followed: it must not come from the peer.
 *
 * @example
 * router().get('/report', (request) => fileResponse(request, './report.pdf', { download: 'Jahresbericht 2025 – Übersicht.pdf' }))
 * @throws HttpError 404 if there is no regular file, 403 if it may not be read, 405 for another method, 503 without descriptors
 */
export async function fileResponse(
  request: Request,
  path: string,
  options: FileResponseOptions = {},
): Promise<Response> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    const headers = { allow: 'GET, HEAD' };
    throw new HttpError(405, 'Cannot do anything but read a file', { headers });
  }
  try {
    return await retryChanged(() => answer(request, resolve(path), options));
  } catch (error) {
    throw toHttpError(error);
  }
}

async function answer(
  request: Request,
  path: string,
  options: FileResponseOptions,
): Promise<Response> {
  const { download = false, cacheControl = 'no-cache', headers, maxRanges = 16, clock } = options;
  const { etag = 'weak', contentType = contentTypeOf(path) } = options;
  const file = toFoundFile(await realpath(path), await stat(path, { bigint: true }));
  if (file.kind !== 'file') throw new HttpError(404, 'Cannot send what is no regular file');
  const contentFields: Record<string, string> = { 'x-content-type-options': 'nosniff' };
  if (download !== false) {
    const name = download === true ? basename(path) : download;
    contentFields['content-disposition'] = contentDisposition('attachment', name);
  }
  return answerWithFile(request, file, {
    contentType,
    etag: isPolicy(etag) ? await new FileTags(etag).tagOf(file) : etag,
    maxRanges,
    now: clock?.epoch(),
    fields: { 'cache-control': cacheControl, ...lowerCaseNames(headers) },
    contentFields,
  });
}

function isPolicy(etag: string): etag is EtagPolicy {
  return etag === 'weak' || etag === 'strong' || etag === 'none';
}
