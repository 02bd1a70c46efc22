/** An outcome of `compareReadings` that is known, why it is right, and the octets that show it. */
export interface OutcomeClass {
  readonly outcome: string;
  readonly why: string;
  readonly example: string;
  /** Later versions of node agree with us. */
  readonly mended?: true;
}

const HEAD = 'GET / HTTP/1.1\r\nHost: a\r\n';
const CHUNKS = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

/** Both readers come to the same. */
const AGREEMENTS: readonly OutcomeClass[] = [
  { outcome: 'same', why: 'Both take all of it.', example: `${HEAD}\r\n` },
  { outcome: 'both refuse', why: 'Both stop at the same request.', example: `${HEAD}X` },
  {
    outcome: 'both stop at a close',
    why: 'Nothing is read after a request that closes the connection (RFC 9112 §9.6); node calls what follows an error.',
    example: `${HEAD}Connection: close\r\n\r\n${HEAD}\r\n`,
  },
];

/** We refuse what node takes. */
const STRICTER: readonly OutcomeClass[] = [
  {
    outcome: 'we refuse: bad-chunk-extension',
    why: 'The name or the value of an extension is missing, which leaves open where it ends (RFC 9112 §7.1.1).',
    example: `${CHUNKS}1;a=\r\nx\r\n0\r\n\r\n`,
  },
  {
    outcome: 'we refuse: bad-connection',
    why: 'HTAB beside an option is white space for some and part of it for others, such as node 20.',
    example: `${HEAD}Connection: x\t\r\n\r\n`,
  },
  {
    outcome: 'we refuse: bad-content-length',
    why: 'A length over 2^53-1 cannot be counted exactly.',
    example: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9007199254740992\r\n\r\n',
  },
  {
    outcome: 'we refuse: bad-host',
    why: 'Host is what applications make URLs and links of, and the one field whose syntax a server must check (RFC 9112 §3.2).',
    example: 'GET / HTTP/1.1\r\nHost: a/b?\r\n\r\n',
  },
  {
    outcome: 'we refuse: bad-request-line',
    why: 'A line without a version is HTTP/0.9, which RFC 9112 has dropped; its answers have no head.',
    example: 'GET /\r\n\r\n',
  },
  {
    outcome: 'we refuse: bad-target',
    why: 'A target is in one of four forms, each for some methods (RFC 9112 §3.2); others have two meanings.',
    example: 'GET * HTTP/1.1\r\nHost: a\r\n\r\n',
  },
  {
    outcome: 'we refuse: bad-version',
    why: 'Only HTTP is spoken here; node takes some requests of RTSP and ICE.',
    example: 'POST / RTSP/1.0\r\nHost: a\r\n\r\n',
  },
  {
    outcome: 'we refuse: bare-cr',
    why: 'Node skips any CR before a request line, we skip empty lines (RFC 9112 §2.2).',
    example: `\r${HEAD}\r\n`,
  },
  {
    outcome: 'we refuse: bare-lf',
    why: 'Node takes LF for the end of some lines, which another reader does not (RFC 9112 §2.2).',
    example: `\n${HEAD}\r\n`,
  },
  {
    outcome: 'we refuse: chunked-in-1.0',
    why: 'HTTP/1.0 has no transfer codings: a server of it behind or before us would see another body (RFC 9112 §6.1).',
    example: 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  },
  {
    outcome: 'we refuse: connect-with-body',
    why: 'CONNECT has no body (RFC 9110 §9.3.6): what follows is of the tunnel for one reader and a body for another.',
    example: 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx',
  },
  {
    outcome: 'we refuse: duplicate-host',
    why: 'Which of two hosts counts is for each reader to guess (RFC 9112 §3.2).',
    example: `${HEAD}Host: b\r\n\r\n`,
  },
  {
    outcome: 'we refuse: duplicate-transfer-encoding',
    why: 'Two lines are one list (RFC 9110 §5.3), of which node overlooks an empty member.',
    example:
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding:\r\n\r\n0\r\n\r\n',
    mended: true,
  },
  {
    outcome: 'we refuse: forbidden-trailer',
    why: 'A trailer that frames, routes or authenticates comes after all of that was done (RFC 9110 §6.5.1).',
    example: `${CHUNKS}0\r\nTE: x\r\n\r\n`,
  },
  {
    outcome: 'we refuse: leading-crlf',
    why: 'Four empty lines before a request are more than any sender has reason for; node skips them for ever.',
    example: `\r\n\r\n\r\n\r\n\r\n${HEAD}\r\n`,
  },
  {
    outcome: 'we refuse: missing-host',
    why: 'HTTP/1.1 must have it (RFC 9112 §3.2). Node checks that above its parser, which is all that is compared here.',
    example: 'GET / HTTP/1.1\r\n\r\n',
  },
  {
    outcome: 'we refuse: unknown-expectation',
    why: 'What is not understood cannot be met (RFC 9110 §10.1.1). Node leaves that to an event.',
    example: `${HEAD}Expect: x\r\n\r\n`,
  },
  {
    outcome: 'we refuse: unknown-method',
    why: 'Only registered methods are taken where others were not asked for.',
    example: 'PURGE / HTTP/1.1\r\nHost: a\r\n\r\n',
  },
  {
    outcome: 'we refuse: unknown-transfer-coding',
    why: 'Only `chunked` is decoded, so nothing else is taken, not even after it (RFC 9112 §6.1).',
    example: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  },
  {
    outcome: 'we refuse: unsupported-version',
    why: 'Only HTTP/1.0 and HTTP/1.1 have the syntax that is read here.',
    example: 'GET / HTTP/2.0\r\nHost: a\r\n\r\n',
  },
  {
    outcome: 'we stop at a close',
    why: '`close` counts, even with `keep-alive` beside it (RFC 9112 §9.3); for HTTP/1.0 node lets the latter count.',
    example: `GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n${HEAD}\r\n`,
  },
];

/** Node refuses what we take, or takes something else for an upgrade. */
const OTHER: readonly OutcomeClass[] = [
  {
    outcome: 'node does not know the method',
    why: 'Its list has not all of the registered ones.',
    example: 'UPDATEREDIRECTREF / HTTP/1.1\r\nHost: a\r\n\r\n',
  },
  {
    outcome: 'node upgrades HTTP/1.0',
    why: 'A server must ignore Upgrade there (RFC 9110 §7.8).',
    example: 'GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
  },
  {
    outcome: 'node upgrades before the body',
    why: 'The body belongs to the request: the other protocol begins after it (RFC 9110 §7.8).',
    example: `${HEAD}Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 1\r\n\r\nx`,
  },
];

/** All outcomes there may be. */
export const outcomeClasses: readonly OutcomeClass[] = [...AGREEMENTS, ...STRICTER, ...OTHER];

const OK = 'HTTP/1.1 200 OK\r\n';

/** All outcomes there may be for responses, each to GET. */
export const responseClasses: readonly OutcomeClass[] = [
  { outcome: 'same', why: 'Both take all of it.', example: `${OK}\r\nbody` },
  { outcome: 'both refuse', why: 'Both stop in the same response.', example: 'HTTP/1.1 x' },
  {
    outcome: 'node refuses: ECONNRESET',
    why: 'Nothing came at all: our reader leaves it to the session that it waited for something.',
    example: '',
  },
  {
    outcome: 'node refuses: HPE_CLOSED_CONNECTION',
    why: 'An interim response over HTTP/1.0, which has none, is taken for the last one by node.',
    example: `HTTP/1.0 102 x\r\n\r\n${OK}\r\n`,
  },
  {
    outcome: 'we refuse: bad-connection',
    why: 'HTAB beside an option is white space for some and part of it for others, such as node 20.',
    example: `${OK}Connection: x\t\r\n\r\n`,
  },
  {
    outcome: 'we refuse: bad-chunk-extension',
    why: 'The name or the value of an extension is missing (RFC 9112 §7.1.1).',
    example: `${OK}Transfer-Encoding: chunked\r\n\r\n1;a=\r\nx\r\n0\r\n\r\n`,
  },
  {
    outcome: 'we refuse: bad-content-length',
    why: 'A length over 2^53-1 cannot be counted exactly.',
    example: `${OK}Content-Length: 9007199254740992\r\n\r\n`,
  },
  {
    outcome: 'we refuse: bad-status-line',
    why: 'A status is from 100 to 599 (RFC 9110 §15).',
    example: 'HTTP/1.1 000 x\r\n\r\n',
  },
  {
    outcome: 'we refuse: unexpected-switch',
    why: '101 has to say what to (RFC 9110 §15.2.2); node takes it for an answer without a body otherwise.',
    example: 'HTTP/1.1 101 x\r\n\r\n',
  },
  {
    outcome: 'we refuse: bare-cr',
    why: 'Node does not look for LF after the CR of a status line.',
    example: 'HTTP/1.1 204 x\r\r\r\n',
    mended: true,
  },
  {
    outcome: 'we refuse: bare-lf',
    why: 'Node skips empty lines before a status line, which no server has reason to send.',
    example: `\n${OK}\r\n`,
  },
  {
    outcome: 'we refuse: chunked-in-1.0',
    why: 'HTTP/1.0 has no transfer codings (RFC 9112 §6.1).',
    example: 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  },
  {
    outcome: 'we refuse: control-character',
    why: 'Node takes any octet in a phrase.',
    example: 'HTTP/1.1 204 \0\r\n\r\n',
  },
  {
    outcome: 'we refuse: duplicate-host',
    why: 'Host has no place in a response; twice it is as wrong as in a request.',
    example: `${OK}Host: a\r\nHost: a\r\n\r\n`,
  },
  {
    outcome: 'we refuse: duplicate-transfer-encoding',
    why: 'Two lines are one list (RFC 9110 §5.3), in which `chunked` may not come twice (RFC 9112 §6.1).',
    example: `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  },
  {
    outcome: 'we refuse: forbidden-trailer',
    why: 'A trailer that frames or routes comes after all of that was done (RFC 9110 §6.5.1).',
    example: `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\nSet-Cookie: a\r\n\r\n`,
  },
  {
    outcome: 'we refuse: unknown-transfer-coding',
    why: 'Only `chunked` is decoded, so nothing else is taken (RFC 9112 §6.1).',
    example: `${OK}Transfer-Encoding: gzip\r\n\r\nx`,
  },
  {
    outcome: 'we refuse: unsupported-version',
    why: 'Only HTTP/1.0 and HTTP/1.1 have the syntax that is read here.',
    example: 'HTTP/2.0 200 OK\r\n\r\n',
  },
];
