/* oxlint-disable unicorn/no-useless-spread -- the spreads keep short words in rows */
import type { Dice } from './dice.ts';
import {
  bodyInChunks,
  bodyOfLength,
  fieldLine,
  lineEnd,
  type MadeBody,
  otherField,
} from './generate-fields.ts';

const METHODS = ['GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'];
const ODD_METHODS = [
  ...[
    'get',
    'Get',
    'GETS',
    'GE',
    'CONNECT',
    'PRI',
    'PURGE',
    'M-SEARCH',
    'QUERY',
    'G{T',
    '',
    ' GET',
  ],
  ...['GET\t', 'GET\0', '\x80', 'LABEL', 'DESCRIBE', 'SOURCE', 'HTTP/1.1'],
];
const ODD_VERSIONS = [
  ...[
    'HTTP/1.2',
    'HTTP/0.9',
    'HTTP/2.0',
    'HTTP/1.',
    'HTTP/11',
    'HTTP/1.10',
    'http/1.1',
    'RTSP/1.0',
  ],
  ...[
    'ICE/1.0',
    'HTTPS/1.1',
    '',
    'HTTP/1.1 ',
    ' HTTP/1.1',
    'HTTP/1.1\t',
    'HTTP/1.1\0',
    'HTTP /1.1',
  ],
];
const TARGETS = ['/', '/a', '/?', '/a?b=c&d', '//a//', '/%00%2f', '/;a', '/../..', '/{|}"<>^`\\[]'];
const FULL_TARGETS = ['http://a', 'http://a/', 'HTTP://A:80/b?c', 'https://[::1]:1/', 'http://a?b'];
const ODD_TARGETS = [
  ...['*', 'a', 'a:80', '', ' ', '/#a', '#', '?a', '/ b', '/\t', 'http:a', 'http://', 'http:///a'],
  ...[
    'http://u@a/',
    'http://a:x/',
    'http://a b/',
    'ftp://a/',
    'a://b',
    'http://a\\b',
    '/\r',
    '/\n',
  ],
  ...['http://a:99999/', 'http://[::1', 'http://%61/', 'ws://a/', '/\x80', '/\xff', '/\x7f', '/\0'],
];
const HOSTS = ['a', 'a:80', 'A.b-c_d', '[::1]', '[::ffff:1.2.3.4]:8', '127.0.0.1', 'a:'];
const ODD_HOSTS = [
  '',
  'a b',
  'a,b',
  'a/b',
  'u@a',
  'a:x',
  'a:65536',
  '[',
  '::1',
  '%61',
  'a\0',
  '\xff',
];

/** Made-up requests on one connection, mostly as the grammar has them; some with the same fields again and again. */
export function generateRequests(dice: Dice): string {
  const repeats = dice.below(3) === 0;
  let text = '';
  let version = versionOf(dice);
  let rest = restOf(dice, version);
  do {
    text += `${requestLine(dice, version)}${rest}`;
    if (!repeats || dice.odd()) version = versionOf(dice);
    if (!repeats || dice.odd()) rest = restOf(dice, version);
  } while (dice.below(repeats ? 6 : 3) > 0 && text.length < 4_096);
  return text;
}

function versionOf(dice: Dice): string {
  return dice.choose([dice.below(12) > 0 ? 'HTTP/1.1' : 'HTTP/1.0'], ODD_VERSIONS);
}

function requestLine(dice: Dice, version: string): string {
  const leading = dice.odd() ? dice.pick(['\r\n', '\n', '\r', ' ', '\r\n\r\n', '\0']) : '';
  const words = [
    dice.choose(METHODS, ODD_METHODS),
    dice.choose(dice.below(8) > 0 ? TARGETS : FULL_TARGETS, ODD_TARGETS),
    version,
  ];
  const line = words.join(dice.odd() ? dice.pick(['  ', '\t', '', '\x0b', '\xa0']) : ' ');
  return `${leading}${line}${lineEnd(dice)}`;
}

/** All of a request but its first line. */
function restOf(dice: Dice, version: string): string {
  const { lines, body } = bodyFor(dice, version);
  const fields = [...hosts(dice), ...lines, ...others(dice)];
  if (version === 'HTTP/1.0') fields.push(fieldLine(dice, 'Connection', 'keep-alive'));
  return `${dice.shuffle(fields).join('')}${lineEnd(dice)}${body}`;
}

function bodyFor(dice: Dice, version: string): MadeBody {
  const kind = dice.below(3);
  if (kind === 0) return { lines: [], body: '' };
  const chunked = kind === 1 && (version !== 'HTTP/1.0' || dice.odd());
  return chunked ? bodyInChunks(dice) : bodyOfLength(dice);
}

function hosts(dice: Dice): string[] {
  const line = fieldLine(dice, dice.pick(['Host', 'host', 'HOST']), dice.choose(HOSTS, ODD_HOSTS));
  if (dice.odd()) return [];
  return dice.odd() ? [line, fieldLine(dice, 'Host', dice.pick(HOSTS))] : [line];
}

function others(dice: Dice): string[] {
  const lines = Array.from({ length: dice.below(5) }, () => otherField(dice));
  if (dice.below(16) === 0)
    lines.push(fieldLine(dice, 'Expect', dice.choose(['100-continue'], ['x', ''])));
  if (dice.below(16) === 0)
    lines.push(fieldLine(dice, 'Connection', dice.pick(['close', 'a, close'])));
  if (dice.below(24) === 0)
    lines.push(fieldLine(dice, 'Upgrade', dice.pick(['x', 'h2c', 'a/1, b'])));
  if (dice.below(48) === 0) {
    lines.push(fieldLine(dice, 'Connection', 'upgrade'), fieldLine(dice, 'Upgrade', 'websocket'));
  }
  return lines;
}
