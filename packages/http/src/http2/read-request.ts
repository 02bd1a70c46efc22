// The head of a request in HTTP/2 (RFC 9113 §8.3). Node's library has found that the pseudo-header fields are there once
// and first, that names are in lower case, and that no field belongs to a connection; what HTTP/1 refuses besides is
// refused here, so that nothing reaches a handler over one that would not over the other.
import type { CodecLimits } from '../contract/codec.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import { isAuthority, isAuthorityWithPort } from '../wire/authority.ts';
import type { Methods } from '../wire/methods.ts';
import { hasTargetOctets, isOriginForm } from '../wire/request-target.ts';

/** The head of a request, found to be in order. */
export interface Http2RequestHead {
  readonly method: string;
  readonly target: string;
  readonly authority: string;
  /** Without pseudo-header fields. `host` comes first; crumbs of `cookie` are joined (RFC 9113 §8.2.3). */
  readonly fields: FieldLines;
  readonly expectsContinue: boolean;
  /** What `content-length` promises; the library holds the peer to it. */
  readonly contentLength: number | undefined;
  /** Whether trailers are welcome (RFC 9110 §10.1.4). */
  readonly wantsTrailers: boolean;
}

/** Why a head is refused, as the status of the answer. */
export type HeadRefusal = 400 | 414 | 417 | 431 | 501;

/** What {@link readRequest} allows. */
export interface ReadRequestOptions {
  readonly limits: Pick<CodecLimits, 'maxHeadBytes' | 'maxFields' | 'maxTargetBytes'>;
  readonly methods: Methods;
}

/** Octets a field counts besides its name and value: `: ` and the end of its line in HTTP/1. */
const FIELD_OVERHEAD = 4;

/** Reads a head from its lines: name, value, name, value. */
export function readRequest(
  lines: FieldLines,
  options: ReadRequestOptions,
): Http2RequestHead | HeadRefusal {
  const { maxHeadBytes, maxFields } = options.limits;
  const pseudo: Record<string, string> = {};
  const fields: string[] = ['host', ''];
  const cookies: string[] = [];
  const seen = { hosts: 0, lengths: 0, expects: 0 };
  let wantsTrailers = false;
  let contentLength: number | 'bad' | undefined;
  let bytes = 0;
  for (let at = 0; at < lines.length; at += 2) {
    const name = lines[at] ?? '';
    const value = trim(lines[at + 1] ?? '');
    bytes += name.length + value.length + FIELD_OVERHEAD;
    if (bytes > maxHeadBytes) return 431;
    if (name.charCodeAt(0) === COLON) {
      pseudo[name] = value;
      continue;
    }
    if (!TOKEN.test(name) || !VALUE.test(value)) return 400;
    switch (name) {
      case 'host':
        seen.hosts += 1;
        fields[1] = value;
        continue;
      case 'cookie':
        cookies.push(value);
        continue;
      case 'content-length':
        seen.lengths += 1;
        contentLength = toLength(value);
        break;
      case 'expect':
        seen.expects += 1;
        if (value.toLowerCase() !== '100-continue') return 417;
        break;
      case 'te':
        wantsTrailers = true;
        break;
    }
    fields.push(name, value);
  }
  if (cookies.length > 0) fields.push('cookie', cookies.join('; '));
  if (fields.length > maxFields * 2) return 431;
  if (seen.hosts > 1 || seen.lengths > 1) return 400;
  const line = readLine(pseudo, options);
  if (typeof line === 'number') return line;
  // Where both say whom the request is for, they agree, or somebody will be led astray (RFC 9113 §8.3.1).
  const host = seen.hosts > 0 ? fields[1] : undefined;
  const authority = pseudo[':authority'] ?? host;
  if (authority === undefined || !isAuthority(authority)) return 400;
  if (host !== undefined && host.toLowerCase() !== authority.toLowerCase()) return 400;
  fields[1] = authority;
  if (contentLength === 'bad') return 400;
  return {
    ...line,
    authority,
    fields,
    contentLength,
    wantsTrailers,
    expectsContinue: seen.expects > 0,
  };
}

const COLON = 0x3a;
// What `isToken` and `isValueOctet` allow. The strings of node's library lie outside of the heap, where looking at them
// octet by octet takes three times as long.
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

function readLine(
  pseudo: Readonly<Record<string, string>>,
  { limits, methods }: ReadRequestOptions,
): { readonly method: string; readonly target: string } | HeadRefusal {
  const method = methods.find(pseudo[':method'] ?? '');
  if (method === undefined) return 501;
  if (method === 'CONNECT') {
    const target = pseudo[':authority'] ?? '';
    return isAuthorityWithPort(target) ? { method, target } : 400;
  }
  const scheme = pseudo[':scheme'] ?? '';
  if (scheme !== 'http' && scheme !== 'https') return 400;
  const target = pseudo[':path'] ?? '';
  if (target.length > limits.maxTargetBytes) return 414;
  if (!hasTargetOctets(target, 0, target.length)) return 400;
  if (isOriginForm(target) || (target === '*' && method === 'OPTIONS')) return { method, target };
  return 400;
}

function toLength(text: string): number | 'bad' {
  const length = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(length) ? length : 'bad';
}

/** Without white space around it, which means nothing (RFC 9110 §5.5). */
function trim(value: string): string {
  const spaced = isSpace(value.charCodeAt(0)) || isSpace(value.charCodeAt(value.length - 1));
  return spaced ? value.replace(/^[ \t]+|[ \t]+$/g, '') : value;
}

function isSpace(octet: number): boolean {
  return octet === 0x20 || octet === 0x09;
}
