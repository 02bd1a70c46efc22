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
  const pseudo: PseudoFields = { method: '', scheme: '', path: '', authority: undefined };
  const fields: string[] = ['host', ''];
  const cookies: string[] = [];
  let hosts = 0;
  let lengths = 0;
  let expectsContinue = false;
  let wantsTrailers = false;
  let contentLength: number | 'bad' | undefined;
  let bytes = 0;
  for (let at = 0; at < lines.length; at += 2) {
    const name = lines[at] ?? '';
    const value = trim(lines[at + 1] ?? '');
    bytes += name.length + value.length + FIELD_OVERHEAD;
    if (bytes > maxHeadBytes) return 431;
    if (name.charCodeAt(0) === COLON) {
      setPseudo(pseudo, name, value);
      continue;
    }
    if (!TOKEN.test(name) || !VALUE.test(value)) return 400;
    switch (name) {
      case 'host':
        hosts += 1;
        fields[1] = value;
        continue;
      case 'cookie':
        cookies.push(value);
        continue;
      case 'content-length':
        lengths += 1;
        contentLength = toLength(value);
        break;
      case 'expect':
        expectsContinue = true;
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
  if (hosts > 1 || lengths > 1) return 400;
  const method = options.methods.find(pseudo.method);
  if (method === undefined) return 501;
  const target = readTarget(method, pseudo, options.limits);
  if (typeof target === 'number') return target;
  // Where both say whom the request is for, they agree, or somebody will be led astray (RFC 9113 §8.3.1).
  const host = hosts > 0 ? fields[1] : undefined;
  const authority = pseudo.authority ?? host;
  if (authority === undefined || !isAuthority(authority)) return 400;
  if (host !== undefined && host.toLowerCase() !== authority.toLowerCase()) return 400;
  fields[1] = authority;
  if (contentLength === 'bad') return 400;
  return {
    method,
    target,
    authority,
    fields,
    contentLength,
    wantsTrailers,
    expectsContinue,
  };
}

const COLON = 0x3a;
// What `isToken` and `isValueOctet` allow. The strings of node's library lie outside of the heap, where looking at them
// octet by octet takes three times as long.
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The pseudo-header fields (RFC 9113 §8.3.1). */
interface PseudoFields {
  method: string;
  scheme: string;
  path: string;
  authority: string | undefined;
}

function setPseudo(pseudo: PseudoFields, name: string, value: string): void {
  switch (name) {
    case ':method':
      pseudo.method = value;
      break;
    case ':scheme':
      pseudo.scheme = value;
      break;
    case ':path':
      pseudo.path = value;
      break;
    case ':authority':
      pseudo.authority = value;
  }
}

function readTarget(
  method: string,
  { scheme, path, authority = '' }: PseudoFields,
  limits: ReadRequestOptions['limits'],
): string | HeadRefusal {
  if (method === 'CONNECT') return isAuthorityWithPort(authority) ? authority : 400;
  if (scheme !== 'http' && scheme !== 'https') return 400;
  if (path.length > limits.maxTargetBytes) return 414;
  if (!hasTargetOctets(path, 0, path.length)) return 400;
  return isOriginForm(path) || (path === '*' && method === 'OPTIONS') ? path : 400;
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
