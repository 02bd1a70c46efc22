/**
 * The head of a response in HTTP/2 (RFC 9113 §8.3.2). Node's library has found that `:status` is there once and first,
 * that names are in lower case, that no field belongs to a connection, and holds the body to its `content-length`; what
 * is refused over HTTP/1 besides is refused here. A field with octets that no name or value can have, such as NUL, the
 * library leaves out without a word.
 */
import type { FieldLines } from '../contract/field-lines.ts';
import type { ResponseHeadRead } from '../contract/message-head.ts';
import { type HeadLimits, readFields } from '../http2/read-fields.ts';
import type { MalformedCode } from '../wire/malformed.ts';

const STATUS = /^[1-5]\d\d$/;

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
