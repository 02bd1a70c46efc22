/** What the two ends of a fake handshake say after the client hello: one record each, with JSON inside. */
import { records } from './client-hello-bytes.ts';

/** Handshake message types that real TLS uses at the same place (RFC 8446 §4). */
const MESSAGE_TYPES = { server: 2, client: 20 } as const;
const ALERT = 21;
const HANDSHAKE = 22;
const HEADER_BYTES = 9;

/** The one record of `side`. */
export function flightRecord(
  side: keyof typeof MESSAGE_TYPES,
  content: Readonly<Record<string, unknown>>,
): Buffer {
  const json = Buffer.from(JSON.stringify(content));
  const header = Buffer.from([MESSAGE_TYPES[side], 0, json.length >> 8, json.length & 0xff]);
  return records(Buffer.concat([header, json]));
}

/** A fatal alert (RFC 8446 §6). */
export function alertRecord(description: number): Buffer {
  return Buffer.from([ALERT, 3, 3, 0, 2, 2, description]);
}

/** Reads the record of `side` at the start of `bytes`. @throws Error if it is another, or an alert */
export function readFlight(
  side: keyof typeof MESSAGE_TYPES,
  bytes: Buffer,
): { readonly content: Readonly<Record<string, unknown>>; readonly rest: Buffer } | 'more' {
  const [record] = bytes;
  if (record === ALERT && bytes.length >= 7) throw new Error(`the peer sent alert ${bytes[6]}`);
  if (record !== undefined && record !== ALERT && record !== HANDSHAKE) {
    throw new Error(`a record is of type ${record}`);
  }
  if (bytes.length < HEADER_BYTES) return 'more';
  if (bytes[5] !== MESSAGE_TYPES[side]) throw new Error(`the message is of type ${bytes[5]}`);
  const end = HEADER_BYTES + bytes.readUInt16BE(7);
  if (bytes.length < end) return 'more';
  const content: unknown = JSON.parse(bytes.toString('utf8', HEADER_BYTES, end));
  if (typeof content !== 'object' || content === null) throw new Error('the record is no object');
  return { content: { ...content }, rest: Buffer.from(bytes.subarray(end)) };
}
