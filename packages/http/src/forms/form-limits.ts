import { HttpError } from '../http-error.ts';

/** How much of a form is read before it is refused with 413. All in octets but the counts. */
export interface FormLimits {
  /** Everything together, as sent; a longer one that the peer has announced is refused before it is read. */
  readonly maxBytes?: number | undefined;
  /** Values that are no files. @defaultValue 1_000 */
  readonly maxFields?: number | undefined;
  /** @defaultValue 100 */
  readonly maxFiles?: number | undefined;
  /** The name of a field or file, and what the peer calls a file. @defaultValue 1_024 */
  readonly maxNameBytes?: number | undefined;
  /** One value. @defaultValue 1_048_576 */
  readonly maxFieldBytes?: number | undefined;
  /** One file. @defaultValue as `maxBytes` */
  readonly maxFileBytes?: number | undefined;
}

/** The limits with their defaults. */
export type FormBounds = { readonly [K in keyof FormLimits]-?: number };

/** @throws RangeError when a limit is below 0 */
export function toBounds(limits: FormLimits, defaultMaxBytes: number): FormBounds {
  const { maxBytes = defaultMaxBytes } = limits;
  const bounds: FormBounds = {
    maxBytes,
    maxFields: limits.maxFields ?? 1_000,
    maxFiles: limits.maxFiles ?? 100,
    maxNameBytes: limits.maxNameBytes ?? 1_024,
    maxFieldBytes: limits.maxFieldBytes ?? 1_048_576,
    maxFileBytes: limits.maxFileBytes ?? maxBytes,
  };
  for (const [name, value] of Object.entries(bounds)) {
    if (!(value >= 0)) throw new RangeError(`Cannot read a form as ${name} must be >= 0: ${value}`);
  }
  return bounds;
}

/** What a form over a limit fails with. */
export function formTooLarge(what: string, limit: number): HttpError {
  return new HttpError(413, `Cannot read the form as it has ${what}: the limit is ${limit}`);
}

/** What a form fails with that is none. */
export function malformedForm(why: string, cause?: unknown): HttpError {
  return new HttpError(400, `Cannot read the form as ${why}`, { cause });
}
