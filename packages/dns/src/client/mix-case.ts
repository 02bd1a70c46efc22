import type { Random } from '@hawser/core';
import { HEADER_BYTES } from '../message/header.ts';
import { plainNameEnd } from '../name.ts';

/**
 * Spells the name asked for at random, in place: servers repeat it as it is, and who forges a reply has to guess it, one
 * more bit a letter (draft-vixie-dnsext-dns0x20).
 */
export function mixCase(query: Buffer, random: Random): void {
  const end = plainNameEnd(query, HEADER_BYTES);
  if (end < 0) return;
  const coins = random.bytes(end - HEADER_BYTES);
  for (let at = HEADER_BYTES; at < end; ) {
    const next = at + 1 + (query[at] ?? 0);
    for (at += 1; at < next; at++) {
      const folded = (query[at] ?? 0) | 0x20;
      const letter = folded >= 0x61 && folded <= 0x7a;
      if (letter && ((coins[at - HEADER_BYTES] ?? 0) & 1) === 1)
        query[at] = (query[at] ?? 0) ^ 0x20;
    }
  }
}
