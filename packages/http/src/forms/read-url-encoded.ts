import { GrowingBytes } from '../web/growing-bytes.ts';
import { type FormBounds, formTooLarge } from './form-limits.ts';
import type { FieldPart } from './part.ts';

const AMPERSAND = 0x26;

/** An octet may be written as three. */
const OCTETS_OF_ONE = 3;

type Body = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * Reads a urlencoded form (URL standard §5.1), always as UTF-8, one field after the other while it arrives. No more than
 * one field and what came with it is kept.
 *
 * @throws HttpError 413 over a limit
 */
export async function* readUrlEncoded(
  body: Body,
  bounds: FormBounds,
): AsyncGenerator<FieldPart, void, undefined> {
  const { maxFields } = bounds;
  let fields = 0;
  for await (const pair of readPairs(body, bounds)) {
    fields += 1;
    if (fields > maxFields) throw formTooLarge('too many fields', maxFields);
    yield toField(pair, bounds);
  }
}

/** What stands between ampersands, if it is anything. */
async function* readPairs(
  body: Body,
  { maxBytes, maxNameBytes, maxFieldBytes }: FormBounds,
): AsyncGenerator<Buffer, void, undefined> {
  const maxPairBytes = OCTETS_OF_ONE * (maxNameBytes + maxFieldBytes) + 1;
  let bytes = 0;
  let pair = new GrowingBytes();
  const add = (piece: Uint8Array): void => {
    if (pair.length + piece.length > maxPairBytes) {
      throw formTooLarge('too long a field', maxFieldBytes);
    }
    if (piece.length > 0) pair.add(piece);
  };
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw formTooLarge('too many bytes', maxBytes);
    let start = 0;
    for (let end = chunk.indexOf(AMPERSAND); end >= 0; end = chunk.indexOf(AMPERSAND, start)) {
      add(chunk.subarray(start, end));
      start = end + 1;
      if (pair.length === 0) continue;
      yield pair.take();
      pair = new GrowingBytes();
    }
    add(chunk.subarray(start));
  }
  if (pair.length > 0) yield pair.take();
}

function toField(pair: Buffer, { maxNameBytes, maxFieldBytes }: FormBounds): FieldPart {
  // Without the ampersand a question mark in front would be left out.
  const [[name, value] = ['', '']] = new URLSearchParams(`&${pair.toString()}`);
  if (Buffer.byteLength(name) > maxNameBytes) throw formTooLarge('too long a name', maxNameBytes);
  if (Buffer.byteLength(value) > maxFieldBytes) {
    throw formTooLarge('too long a field', maxFieldBytes);
  }
  return { kind: 'field', name, value, mimeType: 'text/plain' };
}
