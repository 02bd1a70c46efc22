// Fields that are taken as they come: of a response, and after a body (RFC 9113 §8.1). Node's library has found that names
// are in lower case and that no field belongs to a connection; what is refused over HTTP/1 besides is refused here.

import type { CodecLimits } from '../contract/codec.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import { FORBIDDEN_TRAILERS } from '../wire/field-name.ts';
import type { MalformedCode } from '../wire/malformed.ts';

/** How much of a head is read. */
export type HeadLimits = Pick<CodecLimits, 'maxHeadBytes' | 'maxFields'>;

/** Octets a field counts besides its name and value: `: ` and the end of its line in HTTP/1. */
const FIELD_OVERHEAD = 4;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Reads the fields after a body. */
export function readTrailers(lines: FieldLines, limits: HeadLimits): FieldLines | MalformedCode {
  const fields = readFields(lines, limits);
  if (typeof fields === 'string') return fields === 'head-too-long' ? 'trailers-too-long' : fields;
  const forbidden = fields.some((name, at) => at % 2 === 0 && FORBIDDEN_TRAILERS.has(name));
  return forbidden ? 'forbidden-trailer' : fields;
}

/** Reads fields, without pseudo-header fields. */
export function readFields(lines: FieldLines, limits: HeadLimits): FieldLines | MalformedCode {
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
