/* oxlint-disable unicorn/no-useless-spread -- the spreads keep short vectors in rows */
import type { MalformedCode } from '../../src/wire/malformed.ts';

/** The methods that are answered, the octets up to the end of the input, and each response in them. */
export type AcceptedResponse = readonly [methods: string, sent: string, ...read: string[]];
/** The methods that are answered, why the octets are refused, and they. */
export type RefusedResponse = readonly [methods: string, code: MalformedCode, sent: string];

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = 'transfer-encoding: chunked';

export const acceptedResponses: readonly AcceptedResponse[] = [
  // Status line.
  ['GET', `${OK}Content-Length: 0\r\n\r\n`, "200 'OK' 1.1 {content-length: 0}"],
  ['GET', 'HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n', "200 '' 1.1 {content-length: 0}"],
  ['GET', 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n', "200 '' 1.1 {content-length: 0}"],
  [
    'GET',
    'HTTP/1.1 404 Not  a\tb \xe9\r\nContent-Length: 0\r\n\r\n',
    "404 'Not  a\tb \xe9' 1.1 {content-length: 0}",
  ],
  ['GET', 'HTTP/1.1 599 x\r\nContent-Length: 0\r\n\r\n', "599 'x' 1.1 {content-length: 0}"],
  [
    'GET',
    'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx',
    "200 'OK' 1.0 close {content-length: 1} <x>",
  ],
  [
    'GET',
    'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n',
    "200 'OK' 1.0 {connection: keep-alive, content-length: 0}",
  ],
  // A length.
  ['GET', `${OK}Content-Length: 3\r\n\r\nabc`, "200 'OK' 1.1 {content-length: 3} <abc>"],
  [
    'GET GET',
    `${OK}Content-Length: 1\r\n\r\na${OK}Content-Length: 1\r\n\r\nb`,
    "200 'OK' 1.1 {content-length: 1} <a>",
    "200 'OK' 1.1 {content-length: 1} <b>",
  ],
  [
    'GET',
    `${OK}Connection: close\r\nContent-Length: 1\r\n\r\nabc`,
    "200 'OK' 1.1 close {connection: close, content-length: 1} <a>",
  ],
  // Chunks.
  [
    'GET',
    `${OK}${CHUNKED}\r\n\r\n1\r\na\r\n0\r\nT: u\r\n\r\n`,
    `200 'OK' 1.1 {${CHUNKED}} <a> [t: u]`,
  ],
  // Until the end.
  ['GET', `${OK}\r\n`, "200 'OK' 1.1 close {}"],
  ['GET', `${OK}\r\nabc\r\n${OK}`, `200 'OK' 1.1 close {} <abc\r\n${OK}>`],
  [
    'POST',
    'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nx',
    "200 'OK' 1.0 close {connection: keep-alive} <x>",
  ],
  // None.
  [
    'HEAD GET',
    `${OK}Content-Length: 5\r\n\r\n${OK}Content-Length: 0\r\n\r\n`,
    "200 'OK' 1.1 {content-length: 5}",
    "200 'OK' 1.1 {content-length: 0}",
  ],
  ['HEAD', `${OK}\r\n`, "200 'OK' 1.1 {}"],
  ['HEAD', `${OK}${CHUNKED}\r\n\r\n`, `200 'OK' 1.1 {${CHUNKED}}`],
  ...['204', '304'].flatMap((status): AcceptedResponse[] => [
    ['GET', `HTTP/1.1 ${status} x\r\n\r\n`, `${status} 'x' 1.1 {}`],
    [
      'GET',
      `HTTP/1.1 ${status} x\r\nContent-Length: 5\r\n\r\n`,
      `${status} 'x' 1.1 {content-length: 5}`,
    ],
  ]),
  // Before the one that counts.
  [
    'GET',
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${OK}Content-Length: 0\r\n\r\n`,
    "(100 'Continue' 1.1 {})",
    "(103 'Early Hints' 1.1 {link: x})",
    "200 'OK' 1.1 {content-length: 0}",
  ],
  ['HEAD', `HTTP/1.1 199 x\r\n\r\n${OK}\r\n`, "(199 'x' 1.1 {})", "200 'OK' 1.1 {}"],
  [
    'GET',
    `HTTP/1.1 102 x\r\nContent-Length: 5\r\n\r\n${OK}Content-Length: 0\r\n\r\n`,
    "(102 'x' 1.1 {content-length: 5})",
    "200 'OK' 1.1 {content-length: 0}",
  ],
  // Tunnels.
  ['CONNECT', `${OK}\r\nrest`, "200 'OK' 1.1 {}", 'rest: rest'],
  [
    'CONNECT',
    `${OK}Content-Length: 5\r\n\r\nrest`,
    "200 'OK' 1.1 {content-length: 5}",
    'rest: rest',
  ],
  ['CONNECT', `HTTP/1.1 299 x\r\n${CHUNKED}\r\n\r\nrest`, `299 'x' 1.1 {${CHUNKED}}`, 'rest: rest'],
  [
    'CONNECT',
    'HTTP/1.1 407 x\r\nContent-Length: 1\r\n\r\nx',
    "407 'x' 1.1 {content-length: 1} <x>",
  ],
  [
    'GET',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nHTTP',
    "101 'Switching Protocols' 1.1 {connection: upgrade, upgrade: x}",
    'rest: HTTP',
  ],
];

export const refusedResponses: readonly RefusedResponse[] = [
  ['', 'unexpected-response', `${OK}\r\n`],
  ['', 'unexpected-response', 'HTTP/1.1 408 Request Timeout\r\n\r\n'],
  ['', 'unexpected-response', '\r\n'],
  ['GET', 'unexpected-response', `${OK}Content-Length: 0\r\n\r\n${OK}`],
  ['GET', 'unexpected-response', `${OK}Content-Length: 1\r\n\r\nab`],
  ['HEAD', 'unexpected-response', `${OK}Content-Length: 1\r\n\r\na`],
  ...[
    ...[
      'SSH-2.0-x\r\n',
      'http/1.1 200 OK\r\n\r\n',
      '\r\nHTTP/1.1 200 OK\r\n\r\n',
      'HTTP/1.1\r\n\r\n',
    ],
    ...[
      'HTTP/1.1 \r\n\r\n',
      'HTTP/1.1 20 OK\r\n\r\n',
      'HTTP/1.1 2000 OK\r\n\r\n',
      'HTTP/1.1 099 x\r\n\r\n',
    ],
    ...[
      'HTTP/1.1 600 x\r\n\r\n',
      'HTTP/1.1 999 x\r\n\r\n',
      'HTTP/1.1 000 x\r\n\r\n',
      'HTTP/1.1 2x0 x\r\n\r\n',
    ],
    ...[
      'HTTP/1.1  200 OK\r\n\r\n',
      ' HTTP/1.1 200 OK\r\n\r\n',
      'HTTP/1.1\t200 OK\r\n\r\n',
      'HTTP/1.1 200\tOK\r\n\r\n',
    ],
    ...[
      'HTTP/1.1 200OK\r\n\r\n',
      'HTTP/1.10 200 OK\r\n\r\n',
      'HTTP/11 200 OK\r\n\r\n',
      'ICY 200 OK\r\n\r\n',
    ],
    ...['HTTP/1.1 +20 OK\r\n\r\n', '<html>'],
  ].map((sent): RefusedResponse => ['GET', 'bad-status-line', sent]),
  ...['', 'Upgrade: x\r\n', 'Connection: upgrade\r\n', 'Connection: upgrade\r\nUpgrade:\r\n'].map(
    (lines): RefusedResponse => ['GET', 'unexpected-switch', `HTTP/1.1 101 x\r\n${lines}\r\n`],
  ),
  ['GET', 'unexpected-switch', 'HTTP/1.0 101 x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'],
  ['GET', 'unsupported-version', 'HTTP/1.2 200 OK\r\n\r\n'],
  ['GET', 'unsupported-version', 'HTTP/2.0 200 OK\r\n\r\n'],
  ['GET', 'bare-lf', 'HTTP/1.1 200 OK\n\r\n'],
  ['GET', 'bare-lf', `${OK}X: y\n\r\n`],
  ['GET', 'bare-cr', 'HTTP/1.1 200 O\rK\r\n\r\n'],
  ['GET', 'bare-cr', `${OK}X: y\rz\r\n\r\n`],
  ['GET', 'control-character', 'HTTP/1.1 200 \0\r\n\r\n'],
  ['GET', 'control-character', `${OK}X: \x7f\r\n\r\n`],
  ['GET', 'control-character', '\x15\x03\x01\0\x02\x02\x28'],
  ['GET', 'obs-fold', `${OK}X: y\r\n z\r\n\r\n`],
  ['GET', 'space-in-field-name', `${OK}Content-Length : 0\r\n\r\n`],
  ['GET', 'missing-colon', `${OK}x\r\n\r\n`],
  ['GET', 'bad-field-name', `${OK}: x\r\n\r\n`],
  ...['', '+1', '-1', '1, 1', '0x1', '1 ', '9007199254740992'].map(
    (value): RefusedResponse => [
      'GET',
      'bad-content-length',
      `${OK}Content-Length: ${value}${value === '1 ' ? '\xa0' : ''}\r\n\r\n`,
    ],
  ),
  ['GET', 'duplicate-content-length', `${OK}Content-Length: 1\r\nContent-Length: 1\r\n\r\nx`],
  ['HEAD', 'duplicate-content-length', `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`],
  ['GET', 'length-and-chunked', `${OK}Content-Length: 1\r\n${CHUNKED}\r\n\r\n`],
  ['GET', 'length-and-chunked', `${OK}${CHUNKED}\r\nContent-Length: 1\r\n\r\n`],
  ['GET', 'unknown-transfer-coding', `${OK}Transfer-Encoding: gzip\r\n\r\n`],
  ['GET', 'unknown-transfer-coding', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n`],
  ['GET', 'duplicate-transfer-encoding', `${OK}${CHUNKED}\r\n${CHUNKED}\r\n\r\n`],
  ['GET', 'chunked-in-1.0', `HTTP/1.0 200 OK\r\n${CHUNKED}\r\n\r\n`],
  ['GET', 'bad-chunk-size', `${OK}${CHUNKED}\r\n\r\nx`],
  ['GET', 'bad-chunk-end', `${OK}${CHUNKED}\r\n\r\n1\r\nxy`],
  ['GET', 'forbidden-trailer', `${OK}${CHUNKED}\r\n\r\n0\r\nSet-Cookie: a\r\n\r\n`],
];
