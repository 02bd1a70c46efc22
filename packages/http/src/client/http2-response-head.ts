/**
 * The head of a response in HTTP/2 (RFC 9113 §8.3.2). Node's library has found that `:status` is there once and first,
 * that names are in lower case, that no field belongs to a connection, and holds the body to its `content-length`; what
 * is refused over HTTP/1 besides is refused here.
 */
import type { CodecLimits } from '../contract/codec.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import type { ResponseHeadRead } from '../contract/message-head.ts';
import { FORBIDDEN_TRAILERS } from '../wire/field-name.ts';
import type { MalformedCode } from '../wire/malformed.ts';

/** How much of a head is read. */
type HeadLimits = Pick<CodecLimits, 'maxHeadBytes' | 'maxFields'>;

/** Octets a field counts besides its name and value: `: ` and the end of its line in HTTP/1. */
const FIELD_OVERHEAD = 4;
const STATUS = /^[1-5]\d\d$/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Reads a head from its lines. `bodiless`: nothing follows it, whatever it says. */
export function readResponseHead(
  lines: FieldLines,
  limits: HeadLimits,
  bodiless: boolean,
): ResponseHeadRead | MalformedCode {
  const at = lines.indexOf(':status');
  const status = at % 2 === 0 ? (lines[at + 1] ?? '') : '';
  if (!STATUS.test(status)) return 'bad-status-line';
  const fields = readFields(lines, limits);
  if (typeof fields === 'string') return fields;
  const length = lengthOf(fields);
  if (length === 'bad') return 'bad-content-length';
  return {
    status: Number(status),
    statusText: '',
    version: '2.0',
    fields,
    // On the wire they are in lower case as well.
    rawFields: fields,
    keepAlive: true,
    bodyLength: bodiless ? 0 : length,
  };
}

/** Reads the fields after a body. */
export function readTrailers(lines: FieldLines, limits: HeadLimits): FieldLines | MalformedCode {
  const fields = readFields(lines, limits);
  if (typeof fields === 'string') return fields === 'head-too-long' ? 'trailers-too-long' : fields;
  const forbidden = fields.some((name, at) => at % 2 === 0 && FORBIDDEN_TRAILERS.has(name));
  return forbidden ? 'forbidden-trailer' : fields;
}

/** Without pseudo-header fields. */
function readFields(lines: FieldLines, limits: HeadLimits): FieldLines | MalformedCode {
  const fields: string[] = [];
  let bytes = 0;
  for (let at = 0; at < lines.length; at += 2) {
    const name = lines[at] ?? '';
    const value = lines[at + 1] ?? '';
    bytes += name.length + value.length + FIELD_OVERHEAD;
    if (bytes > limits.maxHeadBytes) return 'head-too-long';
    if (name.startsWith(':')) continue;
    if (!TOKEN.test(name)) return 'bad-field-name';
    if (!VALUE.test(value)) return 'control-character';
    fields.push(name, value.replace(/^[ \t]+|[ \t]+$/g, ''));
  }
  return fields.length > limits.maxFields * 2 ? 'too-many-fields' : fields;
}

function lengthOf(fields: FieldLines): number | undefined | 'bad' {
  let length: string | undefined;
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at] !== 'content-length') continue;
    if (length !== undefined) return 'bad';
    length = fields[at + 1] ?? '';
  }
  if (length === undefined) return undefined;
  return /^\d{1,16}$/.test(length) && Number.isSafeInteger(Number(length)) ? Number(length) : 'bad';
}
