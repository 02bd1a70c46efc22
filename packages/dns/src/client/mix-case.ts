import { HEADER_BYTES } from '../message/header.ts';
import { plainNameEnd } from '../name.ts';

/** Octets of chance that {@link mixCase} takes: a bit for each octet of the longest name. */
export const COIN_BYTES = 32;

/**
 * Spells the name asked for as `coins` fall, in place: servers repeat it as it is, and who forges a reply has to guess it, one
 * more bit a letter (draft-vixie-dnsext-dns0x20).
 */
export function mixCase(query: Buffer, coins: Uint8Array): void {
  const end = plainNameEnd(query, HEADER_BYTES);
  for (let at = HEADER_BYTES; at < end; ) {
    const next = at + 1 + (query[at] ?? 0);
    for (at += 1; at < next; at++) {
      const folded = (query[at] ?? 0) | 0x20;
      const toss = at - HEADER_BYTES;
      const heads = ((coins[toss >> 3] ?? 0) >> (toss & 7)) & 1;
      if (folded >= 0x61 && folded <= 0x7a && heads === 1) query[at] = (query[at] ?? 0) ^ 0x20;
    }
  }
}
