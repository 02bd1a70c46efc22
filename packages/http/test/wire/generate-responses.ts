import type { Dice } from './dice.ts';
import {
  bodyInChunks,
  bodyOfLength,
  fieldLine,
  lineEnd,
  type MadeBody,
  otherField,
} from './generate-fields.ts';

const ODD_VERSIONS = [
  'HTTP/1.2',
  'HTTP/2.0',
  'HTTP/1.',
  'http/1.1',
  'ICY',
  '',
  ' HTTP/1.1',
  'HTTP/1.1\t',
];
const STATUSES = ['200', '200', '201', '206', '299', '302', '404', '500', '599', '204', '304'];
const ODD_STATUSES = [
  '000',
  '099',
  '600',
  '999',
  '20',
  '2000',
  '+20',
  '2x0',
  '',
  ' 200',
  '101',
  '200,',
];
const PHRASES = ['OK', '', 'Not  Found', '\xe9\tx', '200'];
const ODD_PHRASES = ['\0', '\r', '\n', '\x7f', '\x0b', 'a\r\n b'];
const INTERIM = [
  'HTTP/1.1 100 Continue',
  'HTTP/1.1 103 Early Hints',
  'HTTP/1.1 102 x',
  'HTTP/1.1 199',
];

/** A made-up answer to one request, perhaps with interim ones before and something behind it. */
export function generateResponses(dice: Dice): string {
  let text = '';
  while (dice.below(6) === 0)
    text += `${dice.pick(INTERIM)}${lineEnd(dice)}${otherField(dice)}\r\n`;
  do text += response(dice);
  while (dice.below(6) === 0);
  return text;
}

function response(dice: Dice): string {
  const phrase = dice.choose(PHRASES, ODD_PHRASES);
  const version = dice.choose([dice.below(12) > 0 ? 'HTTP/1.1' : 'HTTP/1.0'], ODD_VERSIONS);
  const line = `${version} ${dice.choose(STATUSES, ODD_STATUSES)}`;
  const { lines, body } = bodyFor(dice, version);
  const fields = [...lines, ...Array.from({ length: dice.below(5) }, () => otherField(dice))];
  if (dice.below(8) === 0)
    fields.push(fieldLine(dice, 'Connection', dice.pick(['close', 'x, close'])));
  const separator = phrase === '' && dice.below(2) === 0 ? '' : ' ';
  return `${line}${separator}${phrase}${lineEnd(dice)}${dice.shuffle(fields).join('')}${lineEnd(dice)}${body}`;
}

function bodyFor(dice: Dice, version: string): MadeBody {
  const kind = dice.below(5);
  if (kind === 0) return { lines: [], body: '' };
  if (kind === 1) return { lines: [], body: dice.text('ab\r\n\0\xff', 40) };
  const chunked = kind < 4 && (version !== 'HTTP/1.0' || dice.odd());
  return chunked ? bodyInChunks(dice) : bodyOfLength(dice);
}
