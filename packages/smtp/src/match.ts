import type { Matcher } from '@hawser/core';

const OPENINGS = ['EHLO ', 'HELO ', 'LHLO '];

/**
 * An SMTP client that speaks first: `EHLO`, `HELO` or `LHLO` (RFC 5321 §4.1.1.1, RFC 2033). Well-behaved clients are
 * silent until greeted, so put the factory under `silent` of `sniff` as well.
 */
export const matchSmtp: Matcher = {
  maxBytes: 5,
  test(head) {
    const said = head.toString('latin1', 0, 5).toUpperCase();
    if (!OPENINGS.some((opening) => opening.startsWith(said))) return 'no';
    return said.length < 5 ? 'more' : 'yes';
  },
};
