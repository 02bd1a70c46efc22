import type { IncomingHttpHeaders } from 'node:http';
import type { FieldLines } from '../contract/field-lines.ts';
import type { RequestHead } from '../contract/message-head.ts';
import { words } from '../wire/words.ts';

/**
 * The request with which a peer asked for another protocol: as much of node's `IncomingMessage` as libraries for such
 * protocols need, from the one parser there is.
 */
export interface UpgradeRequest {
  readonly method: string;
  /** The target: `/path?query`. */
  readonly url: string;
  readonly httpVersion: string;
  /** Names in lower case; what came twice is joined or left out as node does it. */
  readonly headers: IncomingHttpHeaders;
  /** The lines as they were sent: name, value, name, value. */
  readonly rawHeaders: readonly string[];
}

/** `head` as an {@link UpgradeRequest}. */
export function toUpgradeRequest(head: RequestHead): UpgradeRequest {
  return {
    method: head.method,
    url: head.target,
    httpVersion: head.version,
    headers: toNodeHeaders(head.fields),
    rawHeaders: head.rawFields,
  };
}

/** Of these node keeps the first. */
const SINGLE: ReadonlySet<string> = new Set(
  words(`
    age authorization content-length content-type etag expires from host if-modified-since
    if-unmodified-since last-modified location max-forwards proxy-authorization referer retry-after
    server user-agent
  `),
);

/** `fields` as `IncomingMessage.headers` has them. */
export function toNodeHeaders(fields: FieldLines): IncomingHttpHeaders {
  // Without a prototype: `__proto__` is a name like any other.
  const headers = Object.create(null) as Record<string, string | string[]>;
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = fields[at] as string;
    const value = fields[at + 1] as string;
    const before = headers[name];
    if (name === 'set-cookie') {
      if (Array.isArray(before)) before.push(value);
      else headers[name] = [value];
    } else if (before === undefined) {
      headers[name] = value;
    } else if (!SINGLE.has(name)) {
      headers[name] = `${String(before)}${name === 'cookie' ? '; ' : ', '}${value}`;
    }
  }
  return headers;
}
