// Bodies in chunks to be written (RFC 9112 §7.1).
import type { FieldLines } from '../contract/field-lines.ts';
import { formatTrailers } from './format-fields.ts';

/** Up to here a copy into one piece is cheaper than three pieces. */
const JOIN_BYTES = 4_096;
const CRLF = Buffer.from('\r\n');
const LAST_CHUNK = '0\r\n\r\n';

/** `data` as a chunk, in pieces for `writeMany`; none if it is empty, as an empty chunk would end the body. */
export function formatChunk(data: Uint8Array): readonly Uint8Array[] {
  const { length } = data;
  if (length === 0) return [];
  const size = `${length.toString(16)}\r\n`;
  if (length > JOIN_BYTES) return [Buffer.from(size, 'latin1'), data, CRLF];
  const chunk = Buffer.allocUnsafe(size.length + length + 2);
  chunk.write(size, 0, 'latin1');
  chunk.set(data, size.length);
  chunk.write('\r\n', size.length + length, 'latin1');
  return [chunk];
}

/**
 * What ends a body in chunks, to be written as latin1.
 *
 * @throws UsageError `HAWSER_HTTP_BAD_FIELD` for a trailer that cannot be written or may not be one
 */
export function formatLastChunk(trailers: FieldLines = []): string {
  return trailers.length === 0 ? LAST_CHUNK : `0\r\n${formatTrailers(trailers)}\r\n`;
}
