import type { OutgoingHttpHeaders } from 'node:http2';
import type { FieldLines } from '../contract/field-lines.ts';
import { isToken, isValueOctet } from '../wire/octets.ts';

/** Fields that belong to one connection of HTTP/1 and have no place here (RFC 9113 §8.2.2). */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Fields as node's library wants them. Those of a connection are left out, as handlers need not know what they are
 * served over.
 *
 * @throws TypeError when a name or a value cannot be sent
 */
export function toNodeHeaders(fields: FieldLines): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = Object.create(null) as Record<string, string>;
  for (let at = 0; at < fields.length; at += 2) {
    const name = (fields[at] ?? '').toLowerCase();
    const value = fields[at + 1] ?? '';
    check(name, value);
    if (CONNECTION_FIELDS.has(name)) continue;
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else headers[name] = [before, value];
  }
  return headers;
}

function check(name: string, value: string): void {
  if (!isToken(name)) {
    throw new TypeError(`Cannot send a field as its name must be a token: ${JSON.stringify(name)}`);
  }
  for (let at = 0; at < value.length; at++) {
    const octet = value.charCodeAt(at);
    if (octet > 0xff || !isValueOctet(octet)) {
      throw new TypeError(`Cannot send field "${name}" as its value has octets no field may have`);
    }
  }
}
