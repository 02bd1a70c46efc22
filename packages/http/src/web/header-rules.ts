// What the Fetch standard (§2.2.2, "Headers") lets a field be called and hold.
import { trimSpace } from './trim-space.ts';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const UPPER = /[A-Z]/;
const FORBIDDEN_IN_VALUE = /[\0\n\r]/;
const BEYOND_BYTES = /[^\0-\u00ff]/;
/** What nearly every value is: visible text without white space around it. */
const PLAIN_VALUE = /^[!-~](?:[\t -~]*[!-~])?$/;

/**
 * The name of a field as it is kept: in lower case.
 *
 * @throws TypeError when it is no token
 */
export function normalName(name: string): string {
  const text = typeof name === 'string' ? name : String(name);
  if (!TOKEN.test(text)) {
    throw new TypeError(`Cannot name a header as it is no token: ${JSON.stringify(text)}`);
  }
  return UPPER.test(text) ? text.toLowerCase() : text;
}

/**
 * The value of a field as it is kept: one character for each byte, no white space around it.
 *
 * @throws TypeError when it has characters beyond U+00FF, a line end or a NUL
 */
export function normalValue(value: string): string {
  const text = typeof value === 'string' ? value : String(value);
  if (PLAIN_VALUE.test(text)) return text;
  if (BEYOND_BYTES.test(text)) {
    throw new TypeError('Cannot set a header as its value has characters beyond U+00FF');
  }
  const trimmed = trimSpace(text);
  if (FORBIDDEN_IN_VALUE.test(trimmed)) {
    throw new TypeError('Cannot set a header as its value has a line end or NUL in it');
  }
  return trimmed;
}
