import type { Matcher } from '../../../contract/factory.ts';
import { badHeader } from './bad-header.ts';
import type { ProxyHeader } from './header.ts';
import { parseV1, V1_START } from './v1.ts';
import { decodeV2, V2_START } from './v2.ts';

/** The longest header of version 2 by default: addresses and some names take a few hundred bytes. */
export const DEFAULT_MAX_BYTES = 1024;

/** A PROXY header of version 1 or 2. */
export const matchProxyProtocol: Matcher = {
  maxBytes: V2_START.length,
  test(head) {
    const verdicts = [V1_START, V2_START].map((start) => {
      const common = Math.min(head.length, start.length);
      if (head.compare(start, 0, common, 0, common) !== 0) return 'no';
      return common === start.length ? 'yes' : 'more';
    });
    return verdicts.find((each) => each !== 'no') ?? 'no';
  },
};

/**
 * The PROXY header at the start of `head`, with its length in bytes; `undefined` while it is not complete. Ask again
 * with more bytes, the first ones included. Needs no connection.
 *
 * @throws ProtocolError `HAWSER_BAD_PROXY_HEADER` as soon as the bytes can be no header, or one of version 1 is longer
 * than 107 bytes, or one of version 2 longer than `maxBytes`
 */
export function parseProxyHeader(
  head: Buffer,
  { maxBytes = DEFAULT_MAX_BYTES }: { readonly maxBytes?: number | undefined } = {},
): { readonly header: ProxyHeader; readonly length: number } | undefined {
  switch (matchProxyProtocol.test(head)) {
    case 'no':
      throw badHeader('the first bytes are none');
    case 'more':
      return undefined;
    case 'yes':
      return head[0] === V1_START[0] ? parseV1(head) : decodeV2(head, maxBytes);
  }
}
