// Field lines to be written (RFC 9112 §5). A value with a line break would add lines of its own: response splitting.
import { UsageError } from '@hawser/core';
import type { FieldLines } from '../contract/field-lines.ts';
import type { HttpErrorCode } from '../errors.ts';
import { FORBIDDEN_TRAILERS } from './field-name.ts';
import { isToken } from './octets.ts';
import { words } from './words.ts';

/** Fields of the connection and of framing: engines write them, so they are left out where others give them. */
const ENGINE_FIELDS: ReadonlySet<string> = new Set(
  words(`
  connection keep-alive proxy-connection content-length transfer-encoding
`),
);
/** The lengths of their names: others need not be looked for. */
const ENGINE_LENGTHS = new Set([...ENGINE_FIELDS].map(({ length }) => length));

/** Fields that most answers of a server have with the same value, and their last line: it is checked and made once. */
const STEADY: ReadonlyMap<string, { value: string | undefined; line: string }> = new Map(
  words(`
  content-type cache-control vary server content-encoding access-control-allow-origin
  content-security-policy strict-transport-security x-content-type-options x-frame-options
  referrer-policy
`).map((name) => [name, { value: undefined, line: '' }]),
);

/**
 * The lines of `fields` each with its CRLF, without those that frame the message, those of the connection, and the one
 * called `without`.
 *
 * @throws UsageError `HAWSER_HTTP_BAD_FIELD` when a name is no token, or a value has a control character or one that is
 *   not in latin1
 */
export function formatFields(fields: FieldLines, without?: string): string {
  let text = '';
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? '';
    if (name === without || isEngineField(name)) continue;
    text += formatField(name, fields[at + 1] ?? '');
  }
  return text;
}

/**
 * The lines of trailers each with its CRLF.
 *
 * @throws UsageError `HAWSER_HTTP_BAD_FIELD` as {@link formatFields}, and for a field that may not be a trailer
 */
export function formatTrailers(fields: FieldLines): string {
  let text = '';
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? '';
    if (FORBIDDEN_TRAILERS.has(name.toLowerCase())) {
      throw badField(`Cannot send a field as a trailer: '${name}'`);
    }
    text += formatField(name, fields[at + 1] ?? '');
  }
  return text;
}

/** @throws UsageError `HAWSER_HTTP_BAD_FIELD` when `text` has a control character or one that is not in latin1 */
export function checkFieldValue(text: string, what: string): void {
  for (let at = 0; at < text.length; at++) {
    const octet = text.charCodeAt(at);
    if ((octet < 0x20 && octet !== 0x09) || octet === 0x7f || octet > 0xff) {
      throw badField(
        `Cannot send ${what} as it has a character that is not allowed: ${JSON.stringify(text)}`,
      );
    }
  }
}

export function badField(message: string): UsageError<HttpErrorCode> {
  return new UsageError<HttpErrorCode>('HAWSER_HTTP_BAD_FIELD', message);
}

function formatField(name: string, value: string): string {
  const steady = STEADY.get(name);
  if (steady !== undefined && steady.value === value) return steady.line;
  const line = checkedField(name, value);
  if (steady !== undefined) {
    steady.value = value;
    steady.line = line;
  }
  return line;
}

function checkedField(name: string, value: string): string {
  if (!isToken(name)) {
    throw badField(`Cannot send a field as its name is no token: ${JSON.stringify(name)}`);
  }
  checkFieldValue(value, `the field '${name}'`);
  return `${name}: ${value}\r\n`;
}

function isEngineField(name: string): boolean {
  return ENGINE_LENGTHS.has(name.length) && ENGINE_FIELDS.has(name.toLowerCase());
}
