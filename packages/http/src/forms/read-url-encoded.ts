import { GrowingBytes } from '../web/growing-bytes.ts';
import { type FormBounds, formTooLarge } from './form-limits.ts';
import type { FieldPart } from './part.ts';

const AMPERSAND = 0x26;

/**
 * Reads a urlencoded form (URL standard §5.1), always as UTF-8. It is read whole, as all of it is fields; what is over a
 * limit is refused before anything is decoded.
 *
 * @throws HttpError 413 over a limit
 */
export async function* readUrlEncoded(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  bounds: FormBounds,
): AsyncGenerator<FieldPart, void, undefined> {
  const { maxBytes, maxFields } = bounds;
  const bytes = new GrowingBytes();
  let fields = 1;
  for await (const chunk of body) {
    if (bytes.length + chunk.length > maxBytes) throw formTooLarge('too many bytes', maxBytes);
    for (let at = chunk.indexOf(AMPERSAND); at >= 0; at = chunk.indexOf(AMPERSAND, at + 1))
      fields += 1;
    if (fields > maxFields + 1) throw formTooLarge('too many fields', maxFields);
    bytes.add(chunk);
  }
  let count = 0;
  for (const [name, value] of new URLSearchParams(bytes.take().toString())) {
    count += 1;
    check(count, name, value, bounds);
    yield { kind: 'field', name, value, mimeType: 'text/plain' };
  }
}

function check(count: number, name: string, value: string, bounds: FormBounds): void {
  const { maxFields, maxNameBytes, maxFieldBytes } = bounds;
  if (count > maxFields) throw formTooLarge('too many fields', maxFields);
  if (Buffer.byteLength(name) > maxNameBytes) throw formTooLarge('too long a name', maxNameBytes);
  if (Buffer.byteLength(value) > maxFieldBytes) {
    throw formTooLarge('too long a field', maxFieldBytes);
  }
}
