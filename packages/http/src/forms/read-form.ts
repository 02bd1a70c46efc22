import { File } from 'node:buffer';
import { GrowingBytes } from '../web/growing-bytes.ts';
import { type FormBounds, type FormLimits, toBounds } from './form-limits.ts';
import type { FilePart, Part } from './part.ts';
import { parts, partsOf } from './parts.ts';

/** Options for {@link readForm}. */
export interface ReadFormOptions extends FormLimits {
  /** @defaultValue 1_048_576 */
  readonly maxBytes?: number | undefined;
}

const DEFAULT_MAX_BYTES = 1_048_576;

/**
 * A whole form (urlencoded or multipart) as the standard FormData, with files in memory. As `request.formData()`, with
 * limits of its own. For uploads that are not to be kept in memory take {@link parts}.
 *
 * @throws HttpError 413 over a limit, 415 for what is no form, 400 for one that is malformed or cut off
 */
export function readForm(
  request: Pick<Request, 'headers' | 'body'>,
  options: ReadFormOptions = {},
): Promise<FormData> {
  return gather(parts(request, { maxBytes: DEFAULT_MAX_BYTES, ...options }));
}

/** The form in a body that is there already. */
export function parseForm(bytes: Uint8Array, contentType: string | null): Promise<FormData> {
  const bounds: FormBounds = toBounds({ maxFieldBytes: bytes.length }, bytes.length);
  return gather(partsOf([bytes], contentType, bounds));
}

async function gather(all: AsyncIterable<Part>): Promise<FormData> {
  const form = new FormData();
  for await (const part of all) {
    if (part.kind === 'field') form.append(part.name, part.value);
    else await addFile(form, part);
  }
  return form;
}

async function addFile(
  form: FormData,
  { name, filename, mimeType, stream }: FilePart,
): Promise<void> {
  const bytes = new GrowingBytes();
  for await (const chunk of stream) bytes.add(chunk as Uint8Array);
  // Without a file name it is a value, whatever its type (Fetch standard).
  if (filename === undefined) form.append(name, bytes.take().toString());
  else form.append(name, new File([bytes.take()], filename, { type: mimeType }));
}
