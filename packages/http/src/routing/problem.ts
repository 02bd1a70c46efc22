import { STATUS_CODES } from 'node:http';
import type { HeadersInput } from '../contract/http-handler.ts';
import { HttpResponse } from '../web/http-response.ts';

/** What was wrong with a request, in a place that its sender can find. */
export interface ProblemIssue {
  readonly in: 'body' | 'query' | 'params' | 'headers';
  /** Where in it, as a JSON Pointer (RFC 6901); empty for the whole. */
  readonly path: string;
  readonly message: string;
}

/** Parts of {@link problem}. */
export interface ProblemParts {
  readonly status: number;
  /** What happened this time, for people. */
  readonly detail?: string | undefined;
  readonly errors?: readonly ProblemIssue[] | undefined;
  readonly headers?: HeadersInput | undefined;
}

/** How many issues are told. */
export const MAX_ISSUES = 20;
const MAX_TEXT = 200;

/**
 * A problem in JSON (RFC 9457) whose title is the phrase of its status. Bounded, as what a peer sent is in it: 20 issues
 * and 200 characters of each text.
 */
export function problem({ status, detail, errors, headers }: ProblemParts): HttpResponse {
  const body = {
    title: STATUS_CODES[status] ?? 'Error',
    status,
    ...(detail === undefined ? {} : { detail: shorten(detail) }),
    ...(errors === undefined ? {} : { errors: errors.slice(0, MAX_ISSUES).map(shortIssue) }),
  };
  const response = new HttpResponse(JSON.stringify(body), { status, headers });
  response.headers.set('content-type', 'application/problem+json');
  return response;
}

function shortIssue(issue: ProblemIssue): ProblemIssue {
  return { in: issue.in, path: shorten(issue.path), message: shorten(issue.message) };
}

function shorten(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  // Never between the halves of a character.
  return `${text.slice(0, MAX_TEXT - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
