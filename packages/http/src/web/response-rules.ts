// What the Fetch standard (§5.5, "Response class") lets a response be.

const REASON = /^[\t -~\u0080-\u00ff]*$/;

/** @throws RangeError when it is not from 200 to 599 */
export function toStatus(status: number): number {
  // As Web IDL converts to "unsigned short", so that a string of digits will do.
  const number = Math.trunc(Number(status));
  if (number >= 200 && number <= 599) return number;
  throw new RangeError(`Cannot make a response as its status must be 200 to 599: ${status}`);
}

/** @throws TypeError when it has a line end or other control character in it, or what is no byte */
export function toReason(statusText: string): string {
  const text = String(statusText);
  if (REASON.test(text)) return text;
  throw new TypeError(
    'Cannot make a response as its statusText has characters that are not allowed',
  );
}

/** @throws TypeError when responses with this status have no body */
export function checkBodyStatus(status: number): void {
  if (status === 204 || status === 205 || status === 304) {
    throw new TypeError(`Cannot make a response as status ${status} has no body`);
  }
}

/**
 * The value of a `Location` field: an absolute URL, or a reference relative to that of the request.
 *
 * @throws TypeError when it is neither
 */
export function toReference(url: string | URL): string {
  // Half a character cannot be encoded.
  const text = String(url).replace(/\p{Surrogate}/gu, '\ufffd');
  if (URL.canParse(text)) return new URL(text).href;
  if (!URL.canParse(text, 'http://localhost/')) {
    throw new TypeError(`Cannot redirect as the URL is none: ${JSON.stringify(text)}`);
  }
  // Encoded as the URL parser would, yet not resolved.
  return encodeURI(text).replaceAll('%25', '%');
}
