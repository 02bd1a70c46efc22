import { createHash } from 'node:crypto';
import { access, constants } from 'node:fs/promises';
import { evaluateConditions, rangeApplies } from '../delivery/evaluate-conditions.ts';
import { HttpResponse } from '../web/http-response.ts';
import { formatHttpDate } from '../wire/http-date.ts';
import { type ByteRange, parseRanges } from './byte-ranges.ts';
import { loadFile, streamFile, streamParts } from './file-content.ts';
import type { FoundFile } from './file-tree.ts';

/** Files up to this size leave in one piece with the head. */
const WHOLE_BYTES = 65_536;

/** How a file is shown to a peer. */
export interface FileForm {
  readonly contentType: string;
  /** The content coding of the bytes in the file. */
  readonly encoding?: string | undefined;
  readonly etag: string | undefined;
  readonly maxRanges: number;
  /** Milliseconds since 1970 now. */
  readonly now: number | undefined;
  /** Fields for every answer about the file, 304 included, such as `cache-control` and `vary`; and for those with content. */
  readonly fields: Readonly<Record<string, string>>;
  readonly contentFields: Readonly<Record<string, string>>;
  /** The bytes, if somebody has them. */
  readonly bytes?: Buffer | undefined;
}

/**
 * Answers GET or HEAD with a file: conditions, ranges and content (RFC 9110 §13, §14). Nothing is opened for HEAD, 304, 412
 * and 416. Content that is streamed is not opened before somebody reads it.
 */
export function answerWithFile(
  request: Request,
  file: FoundFile,
  form: FileForm,
): Response | Promise<Response> {
  const { etag, now } = form;
  // A server does not say that something will be changed (RFC 9110 §8.8.2.1).
  const lastModified = now === undefined ? file.mtimeMs : Math.min(file.mtimeMs, now);
  const validators = { etag, lastModified };
  const shared: Record<string, string> = { ...form.fields };
  if (etag !== undefined) shared['etag'] = etag;

  const status = evaluateConditions(request, validators);
  if (status !== undefined) return new HttpResponse(null, { status, headers: shared });

  shared['last-modified'] = formatHttpDate(lastModified);
  shared['accept-ranges'] = 'bytes';
  const ranges = rangesOf(request, file.size, form, validators);
  if (ranges === 'unsatisfiable') {
    shared['content-range'] = `bytes */${file.size}`;
    return new HttpResponse(null, { status: 416, headers: shared });
  }
  const fields: Record<string, string> = {
    ...shared,
    'content-type': form.contentType,
    ...form.contentFields,
  };
  if (form.encoding !== undefined) fields['content-encoding'] = form.encoding;
  if (ranges === undefined) return whole(request, file, form, fields);
  const [only] = ranges;
  if (ranges.length === 1 && only) {
    fields['content-range'] = formatRange(only, file.size);
    return part(file, only, { status: 206, fields, bytes: form.bytes });
  }
  return several(file, ranges, { status: 206, fields, bytes: form.bytes });
}

function rangesOf(
  request: Request,
  size: number,
  { maxRanges }: FileForm,
  validators: Parameters<typeof rangeApplies>[1],
): ReturnType<typeof parseRanges> {
  // Ranges have no meaning but for GET (RFC 9110 §14.2).
  if (request.method !== 'GET' || maxRanges === 0) return undefined;
  const field = request.headers.get('range');
  if (field === null || !rangeApplies(request, validators)) return undefined;
  return parseRanges(field, size, { maxRanges });
}

function whole(
  request: Request,
  file: FoundFile,
  form: FileForm,
  fields: Record<string, string>,
): Response | Promise<Response> {
  if (request.method === 'HEAD') {
    fields['content-length'] = String(file.size);
    return new HttpResponse(null, { status: 200, headers: fields });
  }
  const all = { start: 0, end: file.size - 1 };
  return part(file, all, { status: 200, fields, bytes: form.bytes });
}

interface PartHead {
  readonly status: 200 | 206;
  readonly fields: Record<string, string>;
  readonly bytes: Buffer | undefined;
}

function part(
  file: FoundFile,
  range: ByteRange,
  { status, fields, bytes }: PartHead,
): Response | Promise<Response> {
  const length = range.end + 1 - range.start;
  fields['content-length'] = String(length);
  if (length === 0) return new HttpResponse('', { status, headers: fields });
  if (bytes) {
    return new HttpResponse(bytes.subarray(range.start, range.end + 1), {
      status,
      headers: fields,
    });
  }
  if (length <= WHOLE_BYTES) {
    return loadFile(file, range).then(
      (body) => new HttpResponse(body, { status, headers: fields }),
    );
  }
  // Told apart now, while there still is a status to say it with.
  return access(file.path, constants.R_OK).then(
    () => new HttpResponse(streamFile(file, range), { status, headers: fields }),
  );
}

/** Several ranges, as `multipart/byteranges` (RFC 9110 §14.6). */
function several(
  file: FoundFile,
  ranges: readonly ByteRange[],
  { status, fields, bytes }: PartHead,
): Response | Promise<Response> {
  const boundary = boundaryFor(file, ranges);
  const parts = ranges.map((range, index) => ({
    range,
    head: Buffer.from(
      `${index === 0 ? '' : '\r\n'}--${boundary}\r\n` +
        `Content-Type: ${fields['content-type']}\r\n` +
        `Content-Range: ${formatRange(range, file.size)}\r\n\r\n`,
    ),
  }));
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  let length = tail.length;
  for (const { head, range } of parts) length += head.length + range.end + 1 - range.start;
  fields['content-type'] = `multipart/byteranges; boundary=${boundary}`;
  fields['content-length'] = String(length);
  if (bytes) {
    const pieces = parts.flatMap(({ head, range }) => [
      head,
      bytes.subarray(range.start, range.end + 1),
    ]);
    return new HttpResponse(Buffer.concat([...pieces, tail]), { status, headers: fields });
  }
  return access(file.path, constants.R_OK).then(
    () => new HttpResponse(streamParts(file, parts, tail), { status, headers: fields }),
  );
}

function formatRange({ start, end }: ByteRange, size: number): string {
  return `bytes ${start}-${end}/${size}`;
}

/** Who wrote the file cannot foresee it: it depends on when the file system took the file, to the nanosecond. */
function boundaryFor(file: FoundFile, ranges: readonly ByteRange[]): string {
  const { device, inode, mtimeNs, ctimeNs } = file;
  const seed = [
    device,
    inode,
    mtimeNs,
    ctimeNs,
    ...ranges.map(({ start, end }) => `${start}-${end}`),
  ];
  return createHash('sha256').update(seed.join(' ')).digest('base64url').slice(0, 32);
}
