import type { Matcher } from '@hawser/core';
import { registeredMethods } from '../wire/methods.ts';

/**
 * An HTTP/1 request, by its method and the space after it (RFC 9112 §3): a registered one, or one of `extra`. Any token
 * would take "EHLO host" of SMTP for a request; the preface of HTTP/2 begins with "PRI", which is no method.
 */
export function matchMethods(extra: readonly string[] = []): Matcher {
  const openings = [...registeredMethods, ...extra].map((method) => `${method} `);
  const longest = Math.max(...openings.map((opening) => opening.length));
  return {
    maxBytes: longest,
    test(head) {
      const text = head.toString('latin1', 0, longest);
      if (openings.some((opening) => text.startsWith(opening))) return 'yes';
      return openings.some((opening) => opening.startsWith(text)) ? 'more' : 'no';
    },
  };
}

/** An HTTP/1 request, by its method. */
export const matchHttp: Matcher = matchMethods();
