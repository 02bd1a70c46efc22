/* oxlint-disable unicorn/no-useless-spread -- the spreads keep short words in rows */
import type { SeededRandom } from '@hawser/core/testing';
import { Dice } from './dice.ts';

/** Of so many choices one is odd, in one message or another. */
const ODDITIES = [Number.POSITIVE_INFINITY, 400, 150, 60];

/** What parsers trip over, whole and in parts. */
const DICTIONARY = [
  ...[
    '\r\n',
    '\n',
    '\r',
    '\r\r\n',
    '\r\n\r\n',
    '\n\n',
    '\n\r',
    ' ',
    '\t',
    '\v',
    '\f',
    '\0',
    '\x7f',
  ],
  ...[
    '\x80',
    '\xa0',
    '\x85',
    '\xff',
    ':',
    ': ',
    ' :',
    ',',
    ';',
    '=',
    '"',
    '\\',
    '#',
    '?',
    '/',
    '//',
    '*',
  ],
  ...[
    '0',
    '1',
    '5',
    '-',
    '+',
    '0x',
    'a',
    'f',
    'F',
    '00',
    '%',
    '@',
    '[',
    ']',
    '_',
    '.',
    '\r\n ',
    '\r\n\t',
    '\t\r\n',
  ],
  ...['GET ', 'POST ', 'HEAD ', 'OPTIONS ', 'CONNECT ', 'QUERY ', 'PATCH ', 'get ', ' HTTP/1.1'],
  ...[
    ' HTTP/1.0',
    'HTTP/1.2',
    'HTTP/2.0',
    'HTTP/',
    'http://a/',
    'https://',
    'http://a:80?b',
    'a:80',
  ],
  ...['Host: a\r\n', 'Host: b\r\n', 'Host:\r\n', 'Content-Length: 5\r\n', 'Content-Length: 0\r\n'],
  ...[
    'Content-Length: 3\r\n',
    'content-length:5\r\n',
    'Content-Length : 5\r\n',
    'Content-Length: 5, 5\r\n',
  ],
  ...['Content-Length: +5\r\n', 'Content-Length:\r\n', 'Transfer-Encoding: chunked\r\n'],
  ...['Transfer-Encoding: identity\r\n', 'Transfer-Encoding: gzip, chunked\r\n'],
  ...['Transfer-Encoding: chunked, identity\r\n', 'Transfer-Encoding:\tchunked\r\n'],
  ...[
    'transfer-encoding : chunked\r\n',
    'Transfer-Encoding: xchunked\r\n',
    'Transfer-Encoding:\r\n chunked\r\n',
  ],
  ...['Connection: close\r\n', 'Connection: keep-alive\r\n', 'Connection: upgrade\r\n'],
  ...[
    'Upgrade: x\r\n',
    'Expect: 100-continue\r\n',
    'Expect: x\r\n',
    'X: y\r\n',
    'X: \r\n',
    'X:\r\n y\r\n',
  ],
  ...[
    'Trailer: x\r\n',
    '0\r\n\r\n',
    '0\r\n',
    '5\r\nhello\r\n',
    '3\r\nabc\r\n',
    '1;a=b\r\nx\r\n',
    '0;a\r\n',
  ],
  ...['chunked', 'close', 'Content-Length', 'Transfer-Encoding', 'Host', 'Connection'],
];

/** Where the octets come from that are changed. */
export interface Origin {
  readonly seeds: readonly string[];
  /** Makes some up. */
  readonly generate: (dice: Dice) => string;
}

/** A seed with a few changes, perhaps with another one behind it; or as often something made up, with fewer changes. */
export function mutate(origin: Origin, random: SeededRandom): Buffer {
  const text = random.below(2) === 0 ? mutateSeeds(origin.seeds, random) : makeUp(origin, random);
  return Buffer.from(text.slice(0, 8_192), 'latin1');
}

function mutateSeeds(seeds: readonly string[], random: SeededRandom): string {
  let text = pick(seeds, random);
  while (random.below(3) === 0) text += pick(seeds, random);
  // Mostly one: of what is wrong in many places only the first is seen.
  for (let count = random.below(random.below(6) + 1); count > 0; count--)
    text = change(text, seeds, random);
  return text;
}

/** Mostly in order: what is odd early hides what comes after it. */
function makeUp({ seeds, generate }: Origin, random: SeededRandom): string {
  const text = generate(new Dice(random, ODDITIES[random.below(ODDITIES.length)] ?? 1));
  return random.below(4) === 0 ? change(text, seeds, random) : text;
}

function change(text: string, seeds: readonly string[], random: SeededRandom): string {
  const at = random.below(text.length + 1);
  const to = at + random.below(random.below(4) === 0 ? 40 : 4);
  switch (random.below(9)) {
    case 0:
      return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at);
    case 1:
      return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + text.slice(to);
    case 3:
      return text.slice(0, to) + text.slice(at);
    case 4:
      return text.slice(0, at) + pick(seeds, random).slice(random.below(60));
    case 5: {
      // At the beginning of a line, where fields are.
      const line = text.indexOf('\n', at) + 1;
      return text.slice(0, line) + pick(DICTIONARY, random) + text.slice(line);
    }
    case 6: {
      const line = text.indexOf('\n', at) + 1;
      return (
        text.slice(0, line) + pick(DICTIONARY, random) + text.slice(text.indexOf('\n', line) + 1)
      );
    }
    default:
      return (
        text.slice(0, at) + pick(DICTIONARY, random) + text.slice(random.below(2) === 0 ? at : to)
      );
  }
}

function pick(list: readonly string[], random: SeededRandom): string {
  return list[random.below(list.length)] ?? '';
}
