import type { HttpAccessRecord } from './access-record.ts';
import { isoDate, logDate } from './log-date.ts';

/** Longest text a peer can put into one place of a line. */
const MAX_TEXT = 2048;

/**
 * A line in the Combined Log Format, without its end: `client - user [time] "request" status bytes "referer" "user agent"`.
 * What a peer has sent cannot end a text or a line, or speak to a terminal: quotes, backslashes, controls and everything
 * beyond ASCII are written as `\xHH`.
 */
export function formatCombined(record: HttpAccessRecord): string {
  const { client, user, at, method, target, version, status, bytes, referer, userAgent } = record;
  const request = `${escapeText(method)} ${escapeText(target)} HTTP/${version}`;
  const sent = bytes === 0 ? '-' : String(bytes);
  return (
    `${client ?? '-'} - ${word(user)} [${logDate(at)}] "${request}" ${status} ${sent} ` +
    `"${quoted(referer)}" "${quoted(userAgent)}"`
  );
}

/** One JSON object, without the end of the line. Everything beyond printable ASCII is escaped. */
export function formatJsonLine(record: HttpAccessRecord): string {
  const { at, durationMs, target, referer, userAgent, host, ...rest } = record;
  const text = JSON.stringify({
    time: isoDate(at),
    durationMs: Math.round(durationMs * 1000) / 1000,
    ...rest,
    target: target.slice(0, MAX_TEXT),
    host: host?.slice(0, MAX_TEXT),
    referer: referer?.slice(0, MAX_TEXT),
    userAgent: userAgent?.slice(0, MAX_TEXT),
  });
  return text.replace(
    /[\u007f-\uffff]/g,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function quoted(text: string | undefined): string {
  return text === undefined ? '-' : escapeText(text);
}

/** A name without spaces, as it stands between two. */
function word(text: string | undefined): string {
  return text === undefined || text === '' ? '-' : escapeText(text).replaceAll(' ', '\\x20');
}

function escapeText(text: string): string {
  const short = text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text;
  if (!/[^\x20-\x7e]|["\\]/.test(short)) return short;
  let escaped = '';
  for (const byte of Buffer.from(short, 'utf8')) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
    escaped += plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return escaped;
}
