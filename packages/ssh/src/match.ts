import type { Matcher } from '@hawser/core';

const PREFIX = Buffer.from('SSH-');

/** An SSH client: it opens with its identification, `SSH-2.0-...` (RFC 4253 §4.2). */
export const matchSsh: Matcher = {
  maxBytes: PREFIX.length,
  test(head) {
    const length = Math.min(head.length, PREFIX.length);
    if (head.compare(PREFIX, 0, length, 0, length) !== 0) return 'no';
    return length === PREFIX.length ? 'yes' : 'more';
  },
};
