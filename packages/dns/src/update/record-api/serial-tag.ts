// The serial of a zone as its entity tag (RFC 9110 §8.8.3, §13): who changes records knows what they were.
import type { Zone } from '../../zone/zone.ts';
import { jsonReply } from '../http/reply.ts';
import { Problem } from './problem.ts';

/**
 * Throws Problem 412 unless the request is about `content` as it is. `existed`: what it speaks of is there. To be asked when
 * the change is decided, so that what holds here holds when it is made.
 */
export function checkPreconditions(request: Request, content: Zone, existed: boolean): void {
  const wanted = request.headers.get('if-match');
  const current = tagOf(content.serial);
  // Only the strong tag: who has a weak one does not know what he changes (RFC 9110 §13.1.1).
  if (wanted !== null && !(wanted.trim() === '*' ? existed : listIn(wanted).includes(current)))
    throw new Problem(412, 'Cannot make the change as the zone is not as If-Match says');
  const unwanted = request.headers.get('if-none-match');
  if (unwanted === null) return;
  if (unwanted.trim() === '*' ? existed : tagsIn(unwanted).includes(current))
    throw new Problem(412, 'Cannot make the change as what it speaks of is there');
}

/** `error`, with the serial of `served` if it is about serials: while it was decided there was one that nobody ever saw. */
export function withCurrentTag(error: unknown, { serial }: Zone): unknown {
  if (!(error instanceof Problem) || error.status !== 412) return error;
  return new Problem(412, error.message, { headers: { etag: tagOf(serial) } });
}

/** True if the client has what is there. */
export function isKnown(request: Request, { serial }: Zone): boolean {
  const known = request.headers.get('if-none-match');
  return known !== null && (known.trim() === '*' || tagsIn(known).includes(tagOf(serial)));
}

/** Tells that. */
export function notModified({ serial }: Zone): Response {
  return new Response(null, { status: 304, headers: { etag: tagOf(serial) } });
}

/** `body` as JSON, with the serial it is of. */
export function withTag(serial: number, body: unknown): Response {
  return jsonReply(body, { headers: { etag: tagOf(serial) } });
}

export function tagOf(serial: number): string {
  return `"${serial}"`;
}

/** Compared weakly, as to see whether there is something new (RFC 9110 §13.1.2). */
function tagsIn(header: string): string[] {
  return listIn(header).map((tag) => tag.replace(/^W\//, ''));
}

function listIn(header: string): string[] {
  return header.split(',').map((tag) => tag.trim());
}
