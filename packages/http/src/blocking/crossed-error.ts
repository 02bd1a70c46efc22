import { inspect } from 'node:util';
import { HttpError } from '../http-error.ts';

const MAX_CAUSES = 8;

/** Something thrown, as far as it can cross threads: a structured clone of an error loses its class and its code. */
export interface CrossedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | number | undefined;
  readonly cause: CrossedError | undefined;
  /** Of an {@link HttpError}, whichever copy of the package made it. */
  readonly http:
    | {
        readonly status: number;
        readonly headers: Readonly<Record<string, string>>;
        readonly body: string | undefined;
        readonly report: boolean | undefined;
      }
    | undefined;
}

/** What can be told of `thrown` on the other side. Never throws. */
export function toCrossed(thrown: unknown): CrossedError {
  try {
    return crossed(thrown, MAX_CAUSES);
  } catch {
    // Its getters throw, or it is a proxy that does.
    return crossed(new Error('Thrown: something that cannot be looked at'), 0);
  }
}

function crossed(thrown: unknown, causes: number): CrossedError {
  if (!(thrown instanceof Error)) {
    const text = typeof thrown === 'string' ? thrown : inspect(thrown);
    return crossed(new Error(`Thrown: ${text}`), 0);
  }
  const { name, message, stack, code, cause, status, headers, body, report } = thrown as Error &
    Partial<Record<'code' | 'status' | 'headers' | 'body' | 'report', unknown>>;
  const isHttp = name === 'HttpError' && typeof status === 'number';
  return {
    name: String(name),
    message: String(message),
    stack: typeof stack === 'string' ? stack : undefined,
    code: typeof code === 'string' || typeof code === 'number' ? code : undefined,
    cause: cause !== undefined && causes > 0 ? crossed(cause, causes - 1) : undefined,
    http: isHttp
      ? {
          status,
          headers: textsOf(headers),
          body: typeof body === 'string' ? body : undefined,
          report: typeof report === 'boolean' ? report : undefined,
        }
      : undefined,
  };
}

/** Makes an error that looks like the one that was thrown on the other side; an {@link HttpError} is one again. */
export function fromCrossed(told: CrossedError): Error {
  const { name, message, stack, code, cause, http } = told;
  const options = cause ? { cause: fromCrossed(cause) } : {};
  const error = http ? toHttpError(message, { ...http, ...options }) : new Error(message, options);
  // Like those of built-in errors: there, but not listed.
  const hidden = { configurable: true, writable: true };
  if (!http) Object.defineProperty(error, 'name', { ...hidden, value: name });
  Object.defineProperty(error, 'stack', { ...hidden, value: stack ?? `${name}: ${message}` });
  return code === undefined ? error : Object.assign(error, { code });
}

function toHttpError(
  message: string,
  options: NonNullable<CrossedError['http']> & ErrorOptions,
): Error {
  const { status } = options;
  const inRange = Number.isInteger(status) && status >= 400 && status <= 599;
  return new HttpError(inRange ? status : 500, message, options);
}

function textsOf(headers: unknown): Record<string, string> {
  if (typeof headers !== 'object' || headers === null) return {};
  return Object.fromEntries(
    Object.entries(headers).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}
