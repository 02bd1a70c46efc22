import type { FieldLines } from '../contract/field-lines.ts';
import { encodeHead } from '../wire/encode-message.ts';
import { formatRequestHead } from '../wire/format-request-head.ts';
import type { SessionRequest } from './client-session.ts';

/** Fields that say something about this connection, beside those that the codec leaves out. */
const OURS: ReadonlySet<string> = new Set(['expect', 'te', 'upgrade']);

/**
 * The head of a request (RFC 9112 §3), with the fields that belong to the connection. Those of the caller are left out,
 * but for `te: trailers` and `connection: close`, which say what the caller wants.
 * @throws UsageError `HAWSER_HTTP_BAD_FIELD` when a part of it cannot be written
 */
export function http1RequestHead(request: SessionRequest): Buffer {
  const { method, target, authority, body, upgrade, continueTimeoutMs } = request;
  const fields: string[] = [];
  let connection: 'implied' | 'close' | 'upgrade' = upgrade === undefined ? 'implied' : 'upgrade';
  for (let at = 0; at < request.fields.length; at += 2) {
    const name = request.fields[at] ?? '';
    const value = request.fields[at + 1] ?? '';
    if (name === 'connection' && value.toLowerCase() === 'close') connection = 'close';
    if (!OURS.has(name) || (name === 'te' && value.toLowerCase() === 'trailers')) {
      fields.push(name, value);
    }
  }
  if (upgrade !== undefined) fields.push('upgrade', upgrade);
  if (continueTimeoutMs !== undefined) fields.push('expect', '100-continue');
  const framing = { body: framingOf(body), connection };
  return encodeHead(formatRequestHead({ method, target, host: authority, fields }, framing));
}

function framingOf(body: SessionRequest['body']): number | 'chunked' | 'none' {
  if (body === undefined) return 'none';
  return body.length === undefined ? 'chunked' : body.length;
}

/** Whether the caller wants the connection to be closed after this request. */
export function wantsClose(fields: FieldLines): boolean {
  const at = fields.findIndex((name, index) => index % 2 === 0 && name === 'connection');
  return at >= 0 && fields[at + 1]?.toLowerCase() === 'close';
}
