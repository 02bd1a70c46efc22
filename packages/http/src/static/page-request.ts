import { pathOf, targetOf } from '../routing/request-path.ts';
import { HttpResponse } from '../web/http-response.ts';

/**
 * To the same path with a slash. Relative, so that it holds wherever the files are mounted, and cannot lead to another
 * host.
 */
export function redirectToDirectory(request: Request): Response {
  const target = targetOf(request.url);
  const path = pathOf(target);
  const last = path.slice(path.lastIndexOf('/') + 1);
  const query = target.slice(path.length);
  return new HttpResponse(null, { status: 308, headers: { location: `./${last}/${query}` } });
}

/** A page is asked for by name, not a picture or script that is missing. */
export function wantsPage(request: Request, segments: readonly string[]): boolean {
  if (segments.at(-1)?.includes('.')) return false;
  return /(?:^|[,\s])text\/html(?:$|[;,\s])/i.test(request.headers.get('accept') ?? '');
}
