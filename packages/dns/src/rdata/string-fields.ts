// Character-strings (RFC 1035 §3.3) and other text.
import { isUtf8 } from 'node:buffer';
import type { Name } from '../name.ts';
import type { Field } from './field.ts';
import { escaped, isDigit } from './name-field.ts';
import type { Octets } from './octets.ts';
import type { Words } from './words.ts';

const BACKSLASH = 0x5c;

/** Longest character-string, in octets. */
const MAX_STRING_BYTES = 255;

/** One character-string. */
export const characterString: Field = {
  raw: true,
  end: stringEnd,
  print: (wire, at, end) => quote(wire, at + 1, end),
  parse: readString,
  toValue: (wire, at, end) => textOf(wire, at + 1, end),
  fromValue: (value, out) => writeString(value, out),
};

/** One or more character-strings, up to the end. A program writes one as a string and several as a list. */
export const characterStrings: Field = {
  raw: true,
  end: (wire, at) => {
    let end = stringEnd(wire, at);
    while (end >= 0 && end < wire.length) end = stringEnd(wire, end);
    return end;
  },
  print: (wire, at, end) => {
    const parts: string[] = [];
    for (let next = at; next < end; next += 1 + (wire[next] ?? 0)) {
      parts.push(quote(wire, next + 1, next + 1 + (wire[next] ?? 0)));
    }
    return parts.join(' ');
  },
  parse: (words, out) => {
    do {
      if (words.splitStrings) readSplit(words, out);
      else readString(words, out);
    } while (words.more);
  },
  toValue: (wire, at, end) => {
    const texts: string[] = [];
    for (let next = at; next < end; next += 1 + (wire[next] ?? 0)) {
      const text = textOf(wire, next + 1, next + 1 + (wire[next] ?? 0));
      if (text === undefined) return undefined;
      texts.push(text);
    }
    const [only = ''] = texts;
    // A list is never taken for the generic form.
    return texts.length === 1 && !only.startsWith('\\#') ? only : texts;
  },
  fromValue: (value, out) => {
    const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
    return texts.length > 0 && texts.every((text) => writeString(text, out));
  },
};

/** One or two character-strings, up to the end (RFC 1183 §3.2). */
export const oneOrTwoStrings: Field = {
  ...characterStrings,
  end: (wire, at) => {
    const end = stringEnd(wire, at);
    return end < 0 || end === wire.length ? end : stringEnd(wire, end);
  },
};

/** Text without a length, up to the end. */
export const restOfText: Field = {
  end: (wire) => wire.length,
  print: quote,
  parse: readOctets,
  toValue: textOf,
  fromValue: (value, out) => {
    if (typeof value !== 'string') return false;
    out.append(Buffer.from(value));
    return true;
  },
};

/** The tag of a CAA property: ASCII letters and digits (RFC 8659 §4.1). */
export const tag: Field = {
  end: (wire, at) => {
    const end = stringEnd(wire, at);
    return end > at + 1 && /^[\da-z]+$/i.test(wire.toString('latin1', at + 1, end)) ? end : -1;
  },
  print: (wire, at, end) => wire.toString('latin1', at + 1, end),
  parse: (words, out) => {
    words.take();
    if (!/^[\da-z]{1,255}$/i.test(words.text())) words.fail('a tag is letters and digits');
    out.u8(words.end - words.start);
    out.append(words.bytes.subarray(words.start, words.end));
  },
  toValue: (wire, at, end) => wire.toString('latin1', at + 1, end),
  fromValue: writeString,
};

/** Octets `from` to `to` in quotes, with escapes. */
function quote(wire: Buffer, from: number, to: number, _origin?: Name): string {
  return `"${escapeText(wire, from, to)}"`;
}

/** Octets `from` to `to` as they stand between quotes. */
export function escapeText(wire: Buffer, from: number, to: number): string {
  const text = wire.toString('latin1', from, to);
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[\x00-\x1f"\\\x7f-\xff]/g, (char) => {
    const plain = char === '"' || char === '\\';
    return plain ? `\\${char}` : `\\${String(char.charCodeAt(0)).padStart(3, '0')}`;
  });
}

/** Writes the octets of the next word, escapes resolved. */
function readOctets(words: Words, out: Octets): void {
  words.take();
  writeOctets(words, out);
}

/** Writes the octets of the current word, escapes resolved. */
export function writeOctets(words: Words, out: Octets): void {
  const { bytes, start, end } = words;
  if (!words.escaped) {
    out.append(bytes.subarray(start, end));
    return;
  }
  for (let at = start; at < end; at++) {
    const octet = bytes[at] ?? 0;
    if (octet !== BACKSLASH) {
      out.u8(octet);
      continue;
    }
    const value = escaped(bytes, at, end);
    if (value < 0) words.fail('a backslash stands before a character or three digits up to 255');
    out.u8(value);
    at += isDigit(bytes[at + 1]) ? 3 : 1;
  }
}

function readString(words: Words, out: Octets): void {
  const lengthAt = out.length;
  out.u8(0);
  readOctets(words, out);
  const length = out.length - lengthAt - 1;
  if (length > MAX_STRING_BYTES) words.fail(`a string has at most ${MAX_STRING_BYTES} octets`);
  out.bytes[lengthAt] = length;
}

/** One word as as many strings as it takes. */
function readSplit(words: Words, out: Octets): void {
  const from = out.length;
  readOctets(words, out);
  const octets = Buffer.from(out.bytes.subarray(from, out.length));
  out.length = from;
  let at = 0;
  do {
    const part = octets.subarray(at, at + MAX_STRING_BYTES);
    out.u8(part.length);
    out.append(part);
    at += part.length;
  } while (at < octets.length);
}

function stringEnd(wire: Buffer, at: number): number {
  const end = at + 1 + (wire[at] ?? wire.length);
  return end <= wire.length ? end : -1;
}

function textOf(wire: Buffer, from: number, to: number): string | undefined {
  const octets = wire.subarray(from, to);
  return isUtf8(octets) ? octets.toString() : undefined;
}

function writeString(value: unknown, out: Octets): boolean {
  if (typeof value !== 'string') return false;
  const octets = Buffer.from(value);
  // Nobody splits what the caller did not split.
  if (octets.length > MAX_STRING_BYTES) return false;
  out.u8(octets.length);
  out.append(octets);
  return true;
}
