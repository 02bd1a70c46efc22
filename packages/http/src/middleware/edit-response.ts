import { foreignFields } from '../web/foreign-fields.ts';
import { HttpHeaders } from '../web/http-headers.ts';
import { HttpResponse } from '../web/http-response.ts';

/**
 * `response` with other headers. A handler may give the same response again and again, so that what could be such a one
 * is never changed: a cookie of one user must not go to the next.
 *
 * @throws TypeError for what is no Response, such as what a handler forgot to return
 */
export function editHeaders(response: Response, edit: (headers: Headers) => void): Response {
  if (response instanceof HttpResponse) {
    const changed = response.with({});
    edit(changed.headers);
    return changed;
  }
  if (typeof response !== 'object' || response === null) {
    throw new TypeError(`Cannot edit the headers of an answer as it is no Response: ${response}`);
  }
  const { status, statusText, body } = response;
  // Response.error(), which the server refuses.
  if (status === 0) return response;
  // A standard response with a body can be sent once only. Its headers may still be closed, as those of `fetch` are.
  if (body !== null && !areClosed(response.headers)) {
    edit(response.headers);
    return response;
  }
  const headers = HttpHeaders.over(foreignFields(response));
  edit(headers);
  return new HttpResponse(body, { status, statusText, headers });
}

// There is no other way to ask.
function areClosed(headers: Headers): boolean {
  try {
    headers.delete('x-hawser-none');
    return false;
  } catch {
    return true;
  }
}
