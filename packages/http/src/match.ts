import { METHODS } from 'node:http';
import type { Matcher } from '@hawser/core';

// A registered method and the space after it (RFC 9112 §3). Any token would take "EHLO host" of SMTP for a request;
// the preface of HTTP/2 begins with "PRI", which is no method.
const openings: readonly string[] = METHODS.map((method) => `${method} `);
const longest: number = Math.max(...openings.map((opening) => opening.length));

/** An HTTP/1 request, by its method. */
export const matchHttp: Matcher = {
  maxBytes: longest,
  test(head) {
    const text = head.toString('latin1', 0, longest);
    if (openings.some((opening) => text.startsWith(opening))) return 'yes';
    return openings.some((opening) => opening.startsWith(text)) ? 'more' : 'no';
  },
};
