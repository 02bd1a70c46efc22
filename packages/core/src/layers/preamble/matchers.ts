import type { Matcher } from '../../contract/factory.ts';

/** A TLS handshake record: content type 22, major version 3 (RFC 8446 §5.1). */
export const matchTls: Matcher = {
  maxBytes: 2,
  test(head) {
    if (head[0] !== 0x16) return 'no';
    if (head.length < 2) return 'more';
    return head[1] === 3 ? 'yes' : 'no';
  },
};
