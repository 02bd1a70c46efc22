import { ConnectionError } from '@hawser/core';
import { HttpError } from '../http-error.ts';

/** Nobody reads a body twice. A TypeError as in the Fetch standard. */
export function bodyUnusable(): TypeError {
  return new TypeError(
    'Cannot read the body as it was read or is being read already: keep what it gave, or read a clone()',
  );
}

/** What reading a body longer than allowed fails with. */
export function bodyTooLarge(maxBytes: number): HttpError {
  return new HttpError(413, `Cannot read the body as it is longer than ${maxBytes} bytes`);
}

/** What reading on fails with once the request was answered. */
export function bodyAbandoned(): ConnectionError {
  return new ConnectionError(
    'HAWSER_CLOSED',
    'Cannot read the request body as the request was answered already',
  );
}
