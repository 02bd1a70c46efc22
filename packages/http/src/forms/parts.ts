import { HttpError } from '../http-error.ts';
import { parseMimeType } from '../web/mime-type.ts';
import { type FormBounds, type FormLimits, formTooLarge, toBounds } from './form-limits.ts';
import type { Part } from './part.ts';
import { readMultipart } from './read-multipart.ts';
import { readUrlEncoded } from './read-url-encoded.ts';

/** Options for {@link parts}. */
export interface PartsOptions extends FormLimits {
  /** @defaultValue 1_073_741_824 (1 GiB) */
  readonly maxBytes?: number | undefined;
}

const DEFAULT_MAX_BYTES = 1_073_741_824;

/**
 * The fields and files of a form (urlencoded, or multipart as of RFC 7578), one after the other while they arrive. Files
 * are streams: the peer sends no faster than they are read, and what is not read of one is skipped when the next is
 * asked for. Leaving the loop gives the rest up.
 *
 * @throws HttpError 413 over a limit, 415 for what is no form or in another charset than UTF-8, 400 for one that is
 *   malformed or cut off; an error of the connection as it is
 * @example
 * for await (const part of parts(request, { maxFileBytes: 10_000_000 })) {
 *   if (part.kind === 'file') await pipeline(part.stream, createWriteStream(join(directory, randomUUID())));
 * }
 */
export async function* parts(
  request: Pick<Request, 'headers' | 'body'>,
  options: PartsOptions = {},
): AsyncGenerator<Part, void, undefined> {
  const bounds = toBounds(options, DEFAULT_MAX_BYTES);
  const announced = Number(request.headers.get('content-length') ?? 0);
  if (announced > bounds.maxBytes) throw formTooLarge('too many bytes', bounds.maxBytes);
  const body = (request.body ?? []) as AsyncIterable<Uint8Array> | readonly Uint8Array[];
  yield* partsOf(body, request.headers.get('content-type'), bounds);
}

/** As {@link parts}, of a body from wherever. */
export async function* partsOf(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  contentType: string | null,
  bounds: FormBounds,
): AsyncGenerator<Part, void, undefined> {
  const type = contentType === null ? undefined : parseMimeType(contentType);
  if (type?.essence === 'multipart/form-data') {
    yield* readMultipart(body, contentType as string, bounds);
  } else if (type?.essence !== 'application/x-www-form-urlencoded') {
    throw new HttpError(415, `Cannot read a form of type ${JSON.stringify(contentType)}`);
  } else if (isUtf8(type.parameters.get('charset'))) {
    yield* readUrlEncoded(body, bounds);
  } else {
    throw new HttpError(415, 'Cannot read the form as its charset is not UTF-8');
  }
}

function isUtf8(charset: string | undefined): boolean {
  return charset === undefined || /^(?:utf-?8|us-ascii|ascii)$/i.test(charset);
}
