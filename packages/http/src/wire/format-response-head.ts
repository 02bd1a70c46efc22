// Heads of responses to be written (RFC 9112 §4).
import type { FieldLines } from '../contract/field-lines.ts';
import type { ResponseHead } from '../contract/message-head.ts';
import { badField, checkFieldValue, formatFields } from './format-fields.ts';
import { formatFraming, type MessageFraming } from './message-framing.ts';
import { reasonPhrase } from './reason-phrase.ts';

/** What an engine says in the head of a response. */
export interface ResponseFraming extends MessageFraming {
  /** For the `Date` field, where the head has none. See `httpDate`. */
  readonly date: string | undefined;
}

/** The interim response that asks for the body (RFC 9110 §15.2.1). */
export const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

const STATUS_LINES = new Map<number, string>();

/** Heads with more text than this are not remembered. */
const MAX_REMEMBERED_LINES = 32;
/** The last head without its framing. Most answers of a server have the same one for a second. */
let last: ResponseHead & { readonly date: string | undefined; readonly text: string } = {
  status: Number.NaN,
  statusText: undefined,
  date: undefined,
  fields: [],
  text: '',
};

/** The last head with its framing. */
let lastFramed: Omit<ResponseFraming, 'date'> & { readonly head: string; readonly text: string } = {
  head: '',
  body: 'none',
  connection: 'implied',
  text: '\r\n',
};

/**
 * The head of a response, to be written as latin1. Always HTTP/1.1, also to HTTP/1.0 (RFC 9110 §6.2). What `head` says
 * about framing and the connection is left out: see {@link promisedLength}.
 *
 * @throws UsageError `HAWSER_HTTP_BAD_FIELD` for a status, phrase, name or value that cannot be written
 */
export function formatResponseHead(head: ResponseHead, framing: ResponseFraming): string {
  const { body, connection, date } = framing;
  const unframed = unframedHead(head, date);
  const same = lastFramed.body === body && lastFramed.connection === connection;
  if (same && lastFramed.head === unframed) {
    // Looking into it makes one piece of it in memory, which then is not put together for each answer.
    lastFramed.text.charCodeAt(0);
    return lastFramed.text;
  }
  const text = `${unframed}${formatFraming(framing)}\r\n`;
  lastFramed = { head: unframed, body, connection, text };
  return text;
}

/** A pipeline of small answers takes a seventh less time for what is remembered. */
function unframedHead(head: ResponseHead, date: string | undefined): string {
  const { fields, status, statusText } = head;
  const same = last.status === status && last.statusText === statusText && last.date === date;
  if (same && isSame(fields, last.fields)) return last.text;
  let text = statusText === undefined ? statusLine(status) : customLine(status, statusText);
  if (date !== undefined && !hasField(fields, 'date')) text += `date: ${date}\r\n`;
  text += formatFields(fields);
  if (fields.length <= MAX_REMEMBERED_LINES) {
    // A copy, as whoever gave the fields may change them.
    last = { status, statusText, date, fields: [...fields], text };
  }
  return text;
}

function isSame(one: FieldLines, other: FieldLines): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}

/**
 * An interim response, to be written as latin1: it has no body, and another response follows.
 *
 * @throws UsageError `HAWSER_HTTP_BAD_FIELD` for a name or value that cannot be written, or a status that is not 100 to
 *   199, or is 101, after which none follows
 */
export function formatInterim(status: number, fields: FieldLines): string {
  if (!Number.isInteger(status) || status < 100 || status > 199 || status === 101) {
    throw badField(`Cannot send an interim response with such a status: ${status}`);
  }
  return `${statusLine(status)}${formatFields(fields)}\r\n`;
}

function statusLine(status: number): string {
  const known = STATUS_LINES.get(status);
  if (known !== undefined) return known;
  const line = customLine(status, reasonPhrase(status));
  // At most one for each status there can be.
  STATUS_LINES.set(status, line);
  return line;
}

function customLine(status: number, phrase: string): string {
  if (!Number.isInteger(status) || status < 100 || status > 599) {
    throw badField(`Cannot send a response as its status must be 100 to 599: ${status}`);
  }
  checkFieldValue(phrase, 'a reason phrase');
  return `HTTP/1.1 ${status} ${phrase}\r\n`;
}

function hasField(fields: FieldLines, name: string): boolean {
  for (let at = 0; at < fields.length; at += 2) {
    const given = fields[at] ?? '';
    if (given === name || (given.length === name.length && given.toLowerCase() === name)) {
      return true;
    }
  }
  return false;
}
