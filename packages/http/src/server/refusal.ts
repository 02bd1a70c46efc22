import type { Clock } from '@hawser/core';
import type { FieldLines } from '../contract/field-lines.ts';
import { httpDate } from '../wire/http-date.ts';
import { reasonPhrase } from '../wire/reason-phrase.ts';

/**
 * A whole answer, one character a byte, that the engine gives by itself. It announces the close that must follow. Fixed
 * words: nothing of the request comes back.
 *
 * @param fields more header lines, such as `Allow: GET`
 */
export function formatRefusal(
  status: number,
  clock: Pick<Clock, 'epoch'>,
  fields: FieldLines = [],
): string {
  const phrase = reasonPhrase(status) || 'Error';
  return [
    `HTTP/1.1 ${status} ${phrase}`,
    `Date: ${httpDate(clock)}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${phrase.length + 1}`,
    'Connection: close',
    ...fields,
    '',
    `${phrase}\n`,
  ].join('\r\n');
}
