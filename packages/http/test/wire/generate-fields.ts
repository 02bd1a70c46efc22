/* oxlint-disable unicorn/no-useless-spread -- the spreads keep short words in rows */
// Made-up fields and bodies, which requests and responses share.
import type { Dice } from './dice.ts';

const TOKEN = "!#$%&'*+-.^_`|~09azAZ";
const VISIBLE = 'abcXYZ0189!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';
const VALUE = `${VISIBLE} \t\x80\x85\xa0\xe9\xff`;
const NAMES = ['X', 'x-a', 'Accept', 'Cookie', 'ETAG', 'Date', '__proto__', 'constructor', 'Te'];
const ODD_NAMES = ['', ' X', 'X ', 'X\t', 'X Y', 'X\0', '"X"', 'X/', '\xe9', 'X:', ':', '\rX'];
const BLANKS = [' ', '', '\t', '  ', ' \t '];
/** Without HTAB, behind which some fields are refused. */
const BLANKS_AFTER = ['', '', '', '', ' ', '  '];
const ODD_BLANKS = ['\t', '\r\n ', '\r\n\t', '\v', '\f', '\xa0', '\0', '\r', '\n '];
const ODD_LINE_ENDS = ['\n', '\r', '\r\r\n', '\n\r', '\n\n', '\0\r\n', '', '\r\n\r\n', '\x85'];

const LENGTH_NAMES = ['Content-Length', 'content-length', 'CONTENT-LENGTH'];
const CODING_NAMES = ['Transfer-Encoding', 'transfer-encoding', 'TRANSFER-ENCODING'];
const ODD_CODINGS = ['gzip, chunked', 'chunked, chunked', 'identity', 'xchunked', '', 'chunked,'];
const CONNECTIONS = ['keep-alive', 'x', 'Keep-Alive, x', ', ,x', 'TE', 'close-not'];
const EXTENSION_NAMES = ['a', 'name', '~'];
const ODD_EXTENSIONS = [';', ';=', ';a=', ' ;a', ';a =b', ';a="', ';"a"', ';\xff', ';a=b c', ',a'];

/** The end of a line, nearly always. */
export function lineEnd(dice: Dice): string {
  return dice.odd() ? dice.pick(ODD_LINE_ENDS) : '\r\n';
}

/** A field line with its end. */
export function fieldLine(dice: Dice, name: string, value: string): string {
  const before = dice.choose(BLANKS, ODD_BLANKS);
  const after = dice.choose(BLANKS_AFTER, ODD_BLANKS);
  return `${name}:${before}${value}${after}${lineEnd(dice)}`;
}

/** A field line that frames nothing. */
export function otherField(dice: Dice): string {
  if (dice.below(8) === 0) return fieldLine(dice, 'Connection', dice.pick(CONNECTIONS));
  const usual = dice.below(2) === 0 ? NAMES : [`y${dice.text(TOKEN, 8)}`];
  return fieldLine(dice, dice.choose(usual, ODD_NAMES), dice.text(VALUE, 16).trim());
}

/** Some field lines, and the octets after the head that they announce. */
export interface MadeBody {
  readonly lines: readonly string[];
  readonly body: string;
}

/** A body whose length is said. */
export function bodyOfLength(dice: Dice): MadeBody {
  const body = dice.text(`${VALUE}\r\n\0`, 40);
  const said = dice.below(6) === 0 ? `00${body.length}` : `${body.length}`;
  const wrong = [
    ...[
      `${body.length + 1}`,
      `${Math.max(0, body.length - 1)}`,
      `+${said}`,
      `-${said}`,
      `${said}.0`,
    ],
    ...[`${said}, ${said}`, `0x${said}`, `${said} ${said}`, '', '18446744073709551616', `${said}_`],
  ];
  const line = fieldLine(dice, dice.pick(LENGTH_NAMES), dice.choose([said], wrong));
  const again = dice.odd() ? [fieldLine(dice, dice.pick(LENGTH_NAMES), dice.pick(wrong))] : [];
  return { lines: [line, ...again, ...(dice.odd() ? codingLines(dice) : [])], body };
}

/** A body in chunks, perhaps with trailers. */
export function bodyInChunks(dice: Dice): MadeBody {
  let body = '';
  for (let count = dice.below(4); count > 0; count--) body += chunk(dice);
  body += `${dice.choose(['0', '00', '0000'], ['', '-0', '0x0', ' 0', '0 '])}${extensions(dice)}`;
  body += lineEnd(dice);
  for (let count = dice.below(3); count > 0; count--) body += trailer(dice);
  const lines = codingLines(dice);
  if (dice.odd()) lines.push(fieldLine(dice, dice.pick(LENGTH_NAMES), `${body.length}`));
  return { lines, body: body + lineEnd(dice) };
}

function codingLines(dice: Dice): string[] {
  const value = dice.choose(['chunked', 'chunked', 'CHUNKED', 'Chunked'], ODD_CODINGS);
  const line = fieldLine(dice, dice.pick(CODING_NAMES), value);
  return dice.odd() ? [line, fieldLine(dice, dice.pick(CODING_NAMES), 'chunked')] : [line];
}

function chunk(dice: Dice): string {
  const data = `${dice.pick(VISIBLE)}${dice.text(`${VALUE}\r\n\0`, 20)}`;
  const size = data.length.toString(16);
  const usual = [size, size.toUpperCase(), `0${size}`];
  const odd = [
    `0x${size}`,
    `+${size}`,
    ` ${size}`,
    `${size} `,
    (data.length + 1).toString(16),
    'g',
  ];
  return `${dice.choose(usual, odd)}${extensions(dice)}${lineEnd(dice)}${data}${lineEnd(dice)}`;
}

function extensions(dice: Dice): string {
  if (dice.odd()) return dice.pick(ODD_EXTENSIONS);
  let text = '';
  while (dice.below(4) === 0) {
    const name = dice.pick(EXTENSION_NAMES);
    const value = ['', `=${name}1`, `="${dice.text('ab ;=,\t\xff', 6)}"`, '="\\""', '=""'];
    text += `;${name}${dice.pick(value)}`;
  }
  return text;
}

function trailer(dice: Dice): string {
  const odd = [
    ...ODD_NAMES,
    'Content-Length',
    'Host',
    'Transfer-Encoding',
    'Connection',
    'Trailer',
  ];
  return fieldLine(dice, dice.choose(['X-Sum', 'Digest', 'y'], odd), dice.text(VALUE, 12).trim());
}
