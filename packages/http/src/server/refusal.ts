import type { Clock } from '@hawser/core';
import { badField, formatFields } from '../wire/format-fields.ts';
import { httpDate } from '../wire/http-date.ts';
import { reasonPhrase } from '../wire/reason-phrase.ts';

/**
 * A whole answer, one character a byte, that the engine gives by itself. It announces the close that must follow. Fixed
 * words: nothing of the request comes back.
 *
 * @param lines more header lines, such as `Allow: GET`
 * @throws UsageError `HAWSER_HTTP_BAD_FIELD` when one of them is none
 */
export function formatRefusal(
  status: number,
  clock: Pick<Clock, 'epoch'>,
  lines: readonly string[] = [],
): string {
  const phrase = reasonPhrase(status) || 'Error';
  const head = [
    `HTTP/1.1 ${status} ${phrase}`,
    `Date: ${httpDate(clock)}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${phrase.length + 1}`,
    'Connection: close',
    '',
  ].join('\r\n');
  return `${head}${formatFields(lines.flatMap(nameAndValue))}\r\n${phrase}\n`;
}

function nameAndValue(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(':');
  if (colon === -1) {
    throw badField(`Cannot send a header line as it has no colon: ${JSON.stringify(line)}`);
  }
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}
