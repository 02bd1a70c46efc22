// Header and trailer fields (RFC 9112 §5), and what of them frames the message (§6).
import type { Malformed } from '../contract/codec.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import {
  FieldRole,
  FORBIDDEN_TRAILERS,
  fieldNameOf,
  type KnownFieldName,
  knownFieldName,
} from './field-name.ts';
import { type MalformedCode, malformed } from './malformed.ts';
import { HTAB, SP, TOKEN } from './octets.ts';

const COLON = 0x3a;
const NONE: FieldLines = Object.freeze([]);
/** Longer text is not remembered, nor is what was cut from it, with which it would stay in memory. */
export const MAX_REMEMBERED = 4_096;

const TAB_FAILURES: { readonly [role in FieldRole]?: MalformedCode } = {
  [FieldRole.ContentLength]: 'bad-content-length',
  [FieldRole.TransferEncoding]: 'unknown-transfer-coding',
  [FieldRole.Connection]: 'bad-connection',
};

/** Takes the field lines of one head after the other. */
export class FieldSection {
  readonly #maxFields: number;
  /** The names in the last head: the next one from the same peer mostly has them again, at the same places. */
  readonly #last: KnownFieldName[] = [];
  #fields: string[] = [];
  /** The text of the last section, if it is remembered. */
  #text = '';
  /** It came twice in a row. */
  #twice = false;
  /** Its fields, once it has come twice; then all that is below is as it says. */
  #kept: string[] | undefined = undefined;
  host: string | undefined = undefined;
  /** -1 if it was not said. */
  contentLength: number = -1;
  /** Has a `Transfer-Encoding: chunked`; there is no other. */
  chunked: boolean = false;
  close: boolean = false;
  keepAlive: boolean = false;
  upgrade: string | undefined = undefined;
  /** The `Connection` field names `upgrade`. */
  upgradeAsked: boolean = false;
  /** Has an `Expect: 100-continue`. */
  expectsContinue: boolean = false;
  /** Has another `Expect`. */
  expectsElse: boolean = false;

  constructor(maxFields: number) {
    this.#maxFields = maxFields;
  }

  /**
   * Begins a section, at `at` of `text`. Gives where it ends, up to `limit`, if it has the very octets of the last two, so
   * that all is known of it; -1 if its lines are to be read. Most requests of a peer differ in their first line alone: what
   * a browser sends is read in less than half the time.
   */
  begin(text: string, at: number, limit: number): number {
    const last = this.#text;
    const end = at + last.length;
    // A seventh of the cost of `startsWith`.
    this.#twice = last !== '' && end <= limit && text.slice(at, end) === last;
    if (this.#twice && this.#kept !== undefined) return end;
    this.reset();
    return -1;
  }

  /** Gives the lines so far. They are the caller's alone. */
  take(): FieldLines {
    if (this.#kept !== undefined) return this.#kept.slice();
    const fields = this.#fields;
    if (fields.length === 0) return NONE;
    this.#fields = [];
    if (this.#twice) this.#kept = fields.slice();
    return fields;
  }

  /** The section that was taken is from `start` to `end` of `text`. */
  remember(text: string, start: number, end: number): void {
    if (this.#kept !== undefined) return;
    this.#text = text.length > MAX_REMEMBERED ? '' : text.slice(start, end);
    this.reset();
  }

  /** Makes ready for the next head. */
  reset(): void {
    this.#kept = undefined;
    this.host = undefined;
    this.contentLength = -1;
    this.chunked = false;
    this.close = false;
    this.keepAlive = false;
    this.upgrade = undefined;
    this.upgradeAsked = false;
    this.expectsContinue = false;
    this.expectsElse = false;
  }

  /** Takes the header line between `start` and `end`, where its CRLF is. Its octets are those of a line. */
  header(text: string, start: number, end: number): Malformed | undefined {
    const index = this.#fields.length >> 1;
    let known = this.#last[index];
    let colon = start;
    if (known !== undefined && isNameAt(known, text, start)) colon += known.spelled.length;
    else {
      colon = text.indexOf(':', start);
      known = colon < end ? knownFieldName(text.slice(start, colon)) : undefined;
      if (known === undefined) return this.#other(text, start, end);
      this.#last[index] = known;
    }
    const value = this.#add(known.name, text, colon + 1, end);
    if (value === undefined) return malformed('too-many-fields');
    if (known.role === FieldRole.None) return undefined;
    return tabFailure(known.role, text, colon + 1, end) ?? this.#apply(known.role, value);
  }

  /** Takes the trailer line between `start` and `end`, where its CRLF is. Its octets are those of a line. */
  trailer(text: string, start: number, end: number): Malformed | undefined {
    const colon = colonOf(text, start, end);
    if (typeof colon !== 'number') return colon;
    const { name } = fieldNameOf(text.slice(start, colon));
    if (FORBIDDEN_TRAILERS.has(name)) return malformed('forbidden-trailer');
    const value = this.#add(name, text, colon + 1, end);
    return value === undefined ? malformed('too-many-fields') : undefined;
  }

  /** A header line whose name is not one of the usual ones in one of their usual spellings. */
  #other(text: string, start: number, end: number): Malformed | undefined {
    const colon = colonOf(text, start, end);
    if (typeof colon !== 'number') return colon;
    const { name, role } = fieldNameOf(text.slice(start, colon));
    const value = this.#add(name, text, colon + 1, end);
    if (value === undefined) return malformed('too-many-fields');
    if (role === FieldRole.None) return undefined;
    return tabFailure(role, text, colon + 1, end) ?? this.#apply(role, value);
  }

  /** `undefined` if there are too many. */
  #add(name: string, text: string, from: number, to: number): string | undefined {
    if (this.#fields.length >= this.#maxFields * 2) return undefined;
    let start = from;
    let end = to;
    while (start < end && isBlank(text.charCodeAt(start))) start++;
    while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
    const value = text.slice(start, end);
    this.#fields.push(name, value);
    return value;
  }

  #apply(role: FieldRole, value: string): Malformed | undefined {
    switch (role) {
      case FieldRole.None:
        return undefined;
      case FieldRole.Host:
        if (this.host !== undefined) return malformed('duplicate-host');
        this.host = value;
        return undefined;
      case FieldRole.ContentLength:
        return this.#length(value);
      case FieldRole.TransferEncoding:
        if (this.chunked) return malformed('duplicate-transfer-encoding');
        if (value !== 'chunked' && value.toLowerCase() !== 'chunked') {
          return malformed('unknown-transfer-coding');
        }
        this.chunked = true;
        return this.contentLength === -1 ? undefined : malformed('length-and-chunked');
      case FieldRole.Connection:
        this.#connection(value);
        return undefined;
      case FieldRole.Upgrade:
        if (value !== '') {
          this.upgrade = this.upgrade === undefined ? value : `${this.upgrade}, ${value}`;
        }
        return undefined;
      case FieldRole.Expect:
        if (value.toLowerCase() === '100-continue') this.expectsContinue = true;
        else this.expectsElse = true;
        return undefined;
    }
  }

  #length(value: string): Malformed | undefined {
    if (this.contentLength !== -1) return malformed('duplicate-content-length');
    let length = 0;
    for (let at = 0; at < value.length; at++) {
      const digit = value.charCodeAt(at) - 0x30;
      if (digit < 0 || digit > 9) return malformed('bad-content-length');
      length = length * 10 + digit;
      if (length > Number.MAX_SAFE_INTEGER) return malformed('bad-content-length');
    }
    if (value === '') return malformed('bad-content-length');
    this.contentLength = length;
    return this.chunked ? malformed('length-and-chunked') : undefined;
  }

  #connection(value: string): void {
    let start = 0;
    while (start <= value.length) {
      const comma = value.indexOf(',', start);
      const end = comma === -1 ? value.length : comma;
      this.#option(value, start, end);
      start = end + 1;
    }
  }

  #option(value: string, from: number, to: number): void {
    let start = from;
    let end = to;
    while (start < end && value.charCodeAt(start) === SP) start++;
    while (end > start && value.charCodeAt(end - 1) === SP) end--;
    const length = end - start;
    // The lengths of "close", "upgrade" and "keep-alive": others need not be looked at.
    if (length !== 5 && length !== 7 && length !== 10) return;
    const option = value.slice(start, end).toLowerCase();
    if (option === 'close') this.close = true;
    else if (option === 'keep-alive') this.keepAlive = true;
    else if (option === 'upgrade') this.upgradeAsked = true;
  }
}

/**
 * The names of the header lines between `start` and `end`, which were found to be in order, as they were sent, each before
 * the value in `fields`.
 */
export function spelledFields(text: string, start: number, fields: FieldLines): FieldLines {
  const lines: string[] = [];
  let from = start;
  for (let at = 1; at < fields.length; at += 2) {
    lines.push(text.slice(from, text.indexOf(':', from)), fields[at] ?? '');
    from = text.indexOf('\n', from) + 1;
  }
  return lines;
}

function colonOf(text: string, start: number, end: number): number | Malformed {
  const first = text.charCodeAt(start);
  if (isBlank(first)) return malformed('obs-fold');
  for (let at = start; at < end; at++) {
    const octet = text.charCodeAt(at);
    if (TOKEN[octet] === 1) continue;
    if (octet === COLON) return at === start ? malformed('bad-field-name') : at;
    if (isBlank(octet)) return malformed('space-in-field-name');
    return malformed('bad-field-name');
  }
  return malformed('missing-colon');
}

/**
 * A HTAB in or after a value is white space for us and part of the value for others, such as node 20. Where that would
 * change where a message ends or what follows it, it is refused.
 */
function tabFailure(
  role: FieldRole,
  text: string,
  from: number,
  end: number,
): Malformed | undefined {
  const code = TAB_FAILURES[role];
  if (code === undefined) return undefined;
  let at = from;
  while (at < end && isBlank(text.charCodeAt(at))) at++;
  for (; at < end; at++) if (text.charCodeAt(at) === HTAB) return malformed(code);
  return undefined;
}

function isNameAt({ spelled }: KnownFieldName, text: string, start: number): boolean {
  const end = start + spelled.length;
  // Half the cost of `startsWith`.
  return text.charCodeAt(end) === COLON && text.slice(start, end) === spelled;
}

function isBlank(octet: number): boolean {
  return octet === SP || octet === HTAB;
}
