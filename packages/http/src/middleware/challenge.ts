import { HttpResponse } from '../web/http-response.ts';

/** 401 with how to come back (RFC 9110 §11.6.1). */
export function unauthorized(challenge: string, status = 401): Response {
  return HttpResponse.text(status === 401 ? 'Unauthorized' : 'Bad Request', {
    status,
    headers: { 'www-authenticate': challenge, 'cache-control': 'no-store' },
  });
}

/**
 * `text` as a quoted string (RFC 9110 §5.6.4).
 *
 * @throws RangeError when a field cannot hold it
 */
export function quoted(text: string): string {
  if (!/^[\t -~]*$/.test(text)) {
    throw new RangeError(
      `Cannot ask for credentials as the realm must be printable ASCII: ${JSON.stringify(text)}`,
    );
  }
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** What comes after the name of a scheme in `Authorization`; `undefined` for another scheme or none. */
export function credentialsOf(request: Request, scheme: string): string | undefined {
  const field = request.headers.get('authorization');
  if (field === null || field.length <= scheme.length || field[scheme.length] !== ' ')
    return undefined;
  if (field.slice(0, scheme.length).toLowerCase() !== scheme) return undefined;
  return field.slice(scheme.length + 1).trim();
}
