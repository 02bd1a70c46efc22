// Media types as in RFC 9110 §8.3 and the MIME Sniffing standard §4.4, as far as bodies need them.
import { trimSpaceEnd } from './trim-space.ts';

/** A media type in lower case, with its parameters. The first of two parameters of one name counts. */
export interface MimeType {
  /** Such as `text/html`. */
  readonly essence: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const ESSENCE = /^[\t\n\r ]*([\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+)[\t\n\r ]*(?=;|$)/;
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;
const QUOTABLE = /^[\t -~\u0080-\u00ff]*$/;
/** No field is longer; a parser of its own must not be given more. */
const MAX_LENGTH = 8_192;

/** Reads a `Content-Type`. Gives `undefined` if it is none. */
export function parseMimeType(text: string): MimeType | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const match = ESSENCE.exec(text);
  if (!match) return undefined;
  const parameters = new Map<string, string>();
  let at = match[0].length;
  while (at < text.length) {
    at += 1; // the semicolon
    const end = indexOfAny(text, '=;', at);
    const name = text
      .slice(at, end)
      .replace(/^[\t\n\r ]+/, '')
      .toLowerCase();
    at = end;
    if (text[at] !== '=') continue;
    const value = readValue(text, at + 1);
    at = value.next;
    if (!TOKEN.test(name) || parameters.has(name)) continue;
    if (value.text === '' && !value.quoted) continue;
    if (QUOTABLE.test(value.text)) parameters.set(name, value.text);
  }
  return { essence: (match[1] as string).toLowerCase(), parameters };
}

/** The type as text, as the standard writes it: `text/html;charset=utf-8`. */
export function formatMimeType({ essence, parameters }: MimeType): string {
  let text = essence;
  for (const [name, value] of parameters) {
    text += `;${name}=${TOKEN.test(value) ? value : `"${value.replace(/(["\\])/g, '\\$1')}"`}`;
  }
  return text;
}

function readValue(
  text: string,
  start: number,
): { readonly text: string; readonly quoted: boolean; readonly next: number } {
  if (text[start] !== '"') {
    const next = indexOfAny(text, ';', start);
    return { text: trimSpaceEnd(text.slice(start, next)), quoted: false, next };
  }
  let value = '';
  let at = start + 1;
  for (; at < text.length && text[at] !== '"'; at++) {
    if (text[at] === '\\' && at + 1 < text.length) at += 1;
    value += text[at];
  }
  return { text: value, quoted: true, next: indexOfAny(text, ';', at) };
}

function indexOfAny(text: string, characters: string, from: number): number {
  let at = from;
  while (at < text.length && !characters.includes(text[at] as string)) at += 1;
  return at;
}
