// Heads of requests to be written (RFC 9112 §3).
import type { FieldLines } from '../contract/field-lines.ts';
import { badField, checkFieldValue, formatFields } from './format-fields.ts';
import { formatFraming, type MessageFraming } from './message-framing.ts';
import { isToken } from './octets.ts';
import { hasTargetOctets } from './request-target.ts';

/** The head of a request to be written. */
export interface RequestHeadToWrite {
  readonly method: string;
  /** `/path?query`, an absolute URL for a proxy, `*` for OPTIONS, `host:port` for CONNECT. */
  readonly target: string;
  /** For the `Host` field, which comes first; one among `fields` is left out. */
  readonly host: string;
  /** Without framing and connection fields, which are left out. */
  readonly fields: FieldLines;
}

/**
 * The head of a request, to be written as latin1. Always HTTP/1.1.
 *
 * @throws UsageError `HAWSER_HTTP_BAD_FIELD` for a method, target, name or value that cannot be written
 */
export function formatRequestHead(head: RequestHeadToWrite, framing: MessageFraming): string {
  const { method, target, host, fields } = head;
  if (!isToken(method)) {
    throw badField(`Cannot send a request as its method is no token: ${JSON.stringify(method)}`);
  }
  if (!hasTargetOctets(target, 0, target.length)) {
    throw badField(`Cannot send a request to such a target: ${JSON.stringify(target)}`);
  }
  checkFieldValue(host, `the field 'host'`);
  const lines = formatFields(withoutHost(fields));
  return `${method} ${target} HTTP/1.1\r\nhost: ${host}\r\n${lines}${formatFraming(framing)}\r\n`;
}

function withoutHost(fields: FieldLines): FieldLines {
  const isHost = (name: string | undefined): boolean => name?.toLowerCase() === 'host';
  if (!fields.some((text, at) => at % 2 === 0 && isHost(text))) return fields;
  return fields.filter((_, at) => !isHost(fields[at - (at % 2)]));
}
