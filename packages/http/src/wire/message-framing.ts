import type { FieldLines } from '../contract/field-lines.ts';
import { badField } from './format-fields.ts';

/** What an engine says about a message it writes, beside what the application says. */
export interface MessageFraming {
  /**
   * Octets of the body; `chunked`; `until-close`, only for responses to HTTP/1.0; or `none` where nothing is said about a
   * body: 1xx, 204, 304, requests that have none.
   */
  readonly body: number | 'chunked' | 'until-close' | 'none';
  /** What `Connection` says; `implied` leaves it out, as HTTP/1.1 stays open by itself. */
  readonly connection: 'implied' | 'keep-alive' | 'close' | 'upgrade';
}

/** The lines of `framing` each with its CRLF. */
export function formatFraming({ body, connection }: MessageFraming): string {
  let text = '';
  if (typeof body === 'number') text = `content-length: ${body}\r\n`;
  else if (body === 'chunked') text = 'transfer-encoding: chunked\r\n';
  if (connection === 'implied') return text;
  if (connection === 'close') return `${text}connection: close\r\n`;
  return connection === 'upgrade'
    ? `${text}connection: Upgrade\r\n`
    : `${text}connection: keep-alive\r\n`;
}

/**
 * The `content-length` among `fields`, `undefined` if there is none.
 *
 * @throws UsageError `HAWSER_HTTP_BAD_FIELD` when it is no number of octets, or two that differ
 */
export function promisedLength(fields: FieldLines): number | undefined {
  let promised: string | undefined;
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? '';
    if (name.length !== 14 || name.toLowerCase() !== 'content-length') continue;
    const value = fields[at + 1] ?? '';
    const known = promised === undefined || promised === value;
    if (!known || !/^\d{1,15}$/.test(value)) {
      throw badField(`Cannot send a body of such a length: ${JSON.stringify(value)}`);
    }
    promised = value;
  }
  return promised === undefined ? undefined : Number(promised);
}
