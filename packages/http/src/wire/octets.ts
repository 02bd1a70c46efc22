import type { Malformed } from '../contract/codec.ts';
import { malformed } from './malformed.ts';

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const DEL = 0x7f;

/** 1 for the octets of a token: names of fields, methods, chunk extensions (RFC 9110 §5.6.2). */
export const TOKEN: Uint8Array = tableOf(
  "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
);

/** The value of a hexadecimal digit, 255 for other octets. */
export const HEX: Uint8Array = Uint8Array.from({ length: 256 }, (_, octet) => {
  const text = String.fromCharCode(octet);
  return /^[0-9a-fA-F]$/.test(text) ? Number.parseInt(text, 16) : 255;
});

/** A table with 1 for each octet of `characters`. */
export function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (let at = 0; at < characters.length; at++) table[characters.charCodeAt(at)] = 1;
  return table;
}

/** Whether `text` is a token (RFC 9110 §5.6.2): not empty, and no other octets. */
export function isToken(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    if (TOKEN[text.charCodeAt(at)] !== 1) return false;
  }
  return text.length > 0;
}

/**
 * Why `octet` may not stand anywhere in a line, `undefined` if it may. White space other than SP and HTAB would end the
 * line for one reader and not for another (RFC 9112 §2.2).
 */
export function octetFailure(octet: number): Malformed | undefined {
  if (octet === CR) return malformed('bare-cr');
  if (octet === LF) return malformed('bare-lf');
  return (octet < SP && octet !== HTAB) || octet === DEL
    ? malformed('control-character')
    : undefined;
}

/** The first {@link octetFailure} in `text`. */
export function firstFailure(text: string): Malformed | undefined {
  for (let at = 0; at < text.length; at++) {
    const failure = octetFailure(text.charCodeAt(at));
    if (failure !== undefined) return failure;
  }
  return undefined;
}

/** Whether `octet` may stand in a field value: HTAB, SP, visible ASCII and 0x80 to 0xff (RFC 9110 §5.5). */
export function isValueOctet(octet: number): boolean {
  return octet >= SP ? octet !== DEL : octet === HTAB;
}
