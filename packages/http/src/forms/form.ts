import { File } from 'node:buffer';
import { HttpError } from '../http-error.ts';
import { collectPairs, UnfitFields } from '../routing/collect-pairs.ts';

/** What a field of a form has: text, or a file in memory. */
export type FormValue = string | File;

/** A form that was sent: the standard FormData, and what asks it for one kind of value. */
export class Form extends FormData {
  /** The text of a field, the first if there are several; empty if there is none. */
  text(name: string): string {
    return this.texts(name)[0] ?? '';
  }

  /** All texts of a field, such as of boxes that were checked. */
  texts(name: string): string[] {
    return this.getAll(name).filter((value) => typeof value === 'string');
  }

  /** A file, the first if there are several; `undefined` if none was chosen. */
  file(name: string): File | undefined {
    return this.files(name)[0];
  }

  files(name: string): File[] {
    return this.getAll(name).filter((value) => isChosen(value));
  }

  /**
   * The form as a value for a schema: each name has its text or file, or a list if it was there more than once. Where no
   * file was chosen there is nothing.
   *
   * @throws HttpError 400 when a field is called `__proto__`, or there are more than 1,000
   * @example const { success, data } = entry.safeParse(form.toObject());
   */
  toObject(): Record<string, FormValue | FormValue[]> {
    try {
      return formToObject(this);
    } catch (error) {
      if (error instanceof UnfitFields) throw new HttpError(400, error.message, { cause: error });
      throw error;
    }
  }
}

/** {@link Form.toObject} of any FormData. @throws UnfitFields */
export function formToObject(form: FormData): Record<string, FormValue | FormValue[]> {
  return collectPairs(
    [...form].filter(([, value]) => typeof value === 'string' || isChosen(value)),
  );
}

/** Browsers send an empty file without a name where none was chosen (HTML standard §4.10.22.4). */
function isChosen(value: FormValue): value is File {
  return value instanceof File && (value.size > 0 || value.name !== '');
}
