import { File } from 'node:buffer';
import { GrowingBytes } from '../web/growing-bytes.ts';
import { Form } from './form.ts';
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
 * A whole form (urlencoded or multipart), with files in memory. As `request.formData()`, with limits of its own, and with
 * methods that ask for one kind of value. For uploads that are not to be kept in memory take {@link parts}.
 *
 * @throws HttpError 413 over a limit, 415 for what is no form, 400 for one that is malformed or cut off
 * @example
 * const form = await readForm(request);
 * add(form.text('title'), form.texts('tag'), form.file('photo'));
 */
export function readForm(
  request: Pick<Request, 'headers' | 'body'>,
  options: ReadFormOptions = {},
): Promise<Form> {
  return gather(parts(request, { maxBytes: DEFAULT_MAX_BYTES, ...options }));
}

/** The form in a body that is there already. */
export function parseForm(bytes: Uint8Array, contentType: string | null): Promise<Form> {
  const bounds: FormBounds = toBounds({ maxFieldBytes: bytes.length }, bytes.length);
  return gather(partsOf([bytes], contentType, bounds));
}

async function gather(all: AsyncIterable<Part>): Promise<Form> {
  const form = new Form();
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
  const content = bytes.take();
  // Without a file name it is a value, whatever its type (Fetch standard). One that is empty, and has no content, is what
  // browsers send where no file was chosen.
  if (filename === undefined && content.length > 0) form.append(name, content.toString());
  else form.append(name, new File([content], filename ?? '', { type: mimeType }));
}
