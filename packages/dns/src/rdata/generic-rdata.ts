// Data of any type as `\# length hex` (RFC 3597 §5).

import { readCount } from './number-fields.ts';
import type { Octets } from './octets.ts';
import { MAX_RDATA_BYTES } from './octets.ts';
import type { Words } from './words.ts';

const BACKSLASH = 0x5c;
const HASH = 0x23;

/** `\# 4 C0000201`. */
export function formatGeneric(wire: Buffer): string {
  return `\\# ${wire.length}${wire.length > 0 ? ' ' : ''}${wire.toString('hex').toUpperCase()}`;
}

/** True if the current word is `\#`. */
export function isGeneric({ bytes, start, end, quoted }: Words): boolean {
  return !quoted && end - start === 2 && bytes[start] === BACKSLASH && bytes[start + 1] === HASH;
}

/** Reads what follows `\#`: a length, and that many octets in words of hexadecimal digits. */
export function readGeneric(words: Words, out: Octets): void {
  words.reading = 'generic data';
  const length = readCount(words, MAX_RDATA_BYTES);
  let text = '';
  while (words.more) {
    words.take();
    text += words.text();
  }
  if (!/^(?:[\da-f]{2})*$/i.test(text)) words.fail('it is hexadecimal, two digits an octet');
  if (text.length !== length * 2) words.fail(`its length is given as ${length} octets`);
  out.append(Buffer.from(text, 'hex'));
}
