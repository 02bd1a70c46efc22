import type { OutgoingHttpHeaders } from 'node:http2';
import type { FieldLines } from '../contract/field-lines.ts';
import { toNodeHeaders } from '../http2/response-headers.ts';
import { badField, checkFieldValue } from '../wire/format-fields.ts';
import { isToken } from '../wire/octets.ts';
import { hasTargetOctets } from '../wire/request-target.ts';
import type { SessionRequest } from './client-session.ts';

/** Fields that the session writes, beside those of a connection, which have no place in HTTP/2. */
const OURS: ReadonlySet<string> = new Set(['content-length', 'expect', 'host', 'te']);

/**
 * The head of a request as node's session takes it (RFC 9113 §8.3.1). Fields of a connection are left out, but for
 * `te: trailers`; `host` is the authority.
 * @throws UsageError `HAWSER_HTTP_BAD_FIELD` when a part of it cannot be written
 */
export function http2RequestHeaders(request: SessionRequest): OutgoingHttpHeaders {
  const { method, scheme, authority, target, body, continueTimeoutMs } = request;
  if (!isToken(method)) {
    throw badField(`Cannot send a request as its method is no token: ${JSON.stringify(method)}`);
  }
  if (!hasTargetOctets(target, 0, target.length)) {
    throw badField(`Cannot send a request to such a target: ${JSON.stringify(target)}`);
  }
  checkFieldValue(authority, `the field ':authority'`);
  const fields = endToEnd(request.fields);
  if (body?.length !== undefined) fields.push('content-length', String(body.length));
  if (continueTimeoutMs !== undefined) fields.push('expect', '100-continue');
  return {
    ':method': method,
    ':scheme': scheme,
    ':authority': authority,
    ':path': target,
    ...nodeHeaders(fields),
  };
}

function endToEnd(given: FieldLines): string[] {
  const fields: string[] = [];
  for (let at = 0; at < given.length; at += 2) {
    const name = (given[at] ?? '').toLowerCase();
    const value = given[at + 1] ?? '';
    // Each crumb is compressed by itself (RFC 9113 §8.2.3): most of them stay as they are.
    if (name === 'cookie') for (const crumb of value.split('; ')) fields.push(name, crumb);
    else if (name === 'te' ? value.toLowerCase() === 'trailers' : !OURS.has(name)) {
      fields.push(name, value);
    }
  }
  return fields;
}

function nodeHeaders(fields: FieldLines): OutgoingHttpHeaders {
  try {
    return toNodeHeaders(fields);
  } catch (thrown) {
    throw badField(thrown instanceof Error ? thrown.message : String(thrown));
  }
}
