/** What the reactor asks of a thread; one job at a time. */
export interface WorkerRequest {
  readonly id: number;
  readonly module: string;
  /** The export to call. */
  readonly name: string;
  readonly args: readonly unknown[];
}

/** What a thread answers. */
export type WorkerAnswer =
  | { readonly id: number; readonly at: 'done'; readonly value: unknown }
  | { readonly id: number; readonly at: 'failed'; readonly error: WorkerError }
  /** The job itself was wrong, not what it did. */
  | { readonly id: number; readonly at: 'misused'; readonly why: string };

/** Something thrown, as far as it can cross threads: a structured clone of an error loses its code. */
export type WorkerError =
  | { readonly thrown: string }
  | {
      readonly name: string;
      readonly message: string;
      readonly stack: string;
      readonly code?: string | number | undefined;
      readonly cause?: WorkerError | undefined;
      /** Those of an `AggregateError`. */
      readonly errors?: readonly WorkerError[] | undefined;
    };

/** Makes an error that looks like the one a thread threw. */
export function reviveError(crossed: WorkerError): Error {
  if ('thrown' in crossed) return new Error(`Thrown: ${crossed.thrown}`);
  const { name, message, stack, code, cause, errors } = crossed;
  const options = cause ? { cause: reviveError(cause) } : undefined;
  const error = errors
    ? new AggregateError(errors.map(reviveError), message, options)
    : new Error(message, options);
  // Like those of built-in errors: there, but not listed.
  const hidden = { configurable: true, writable: true };
  Object.defineProperty(error, 'name', { ...hidden, value: name });
  Object.defineProperty(error, 'stack', { ...hidden, value: stack });
  return code === undefined ? error : Object.assign(error, { code });
}
