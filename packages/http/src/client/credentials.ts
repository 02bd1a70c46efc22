/**
 * The value of an `Authorization` field for the Basic scheme (RFC 7617), in UTF-8. What a server asks for by
 * `requireBasicAuth`.
 *
 * @throws RangeError when the user has a colon or either has a control character
 */
export function basicAuth(user: string, password: string): string {
  if (user.includes(':')) throw new RangeError('Cannot log in as a user must have no colon');
  // oxlint-disable-next-line no-control-regex -- that is what must not be there
  if (/[\u0000-\u001f\u007f]/.test(user + password)) {
    throw new RangeError('Cannot log in as user and password must have no control character');
  }
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/**
 * The value of an `Authorization` field for the Bearer scheme (RFC 6750). What a server asks for by `requireBearerAuth`.
 *
 * @throws RangeError when the token is none (§2.1)
 */
export function bearerAuth(token: string): string {
  if (!/^[\w\-.~+/]+=*$/.test(token)) {
    throw new RangeError('Cannot log in as the token has characters that no token has');
  }
  return `Bearer ${token}`;
}
