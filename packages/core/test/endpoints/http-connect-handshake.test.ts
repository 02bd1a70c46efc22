import { describe, expect, test } from 'vitest';
import { ByteQueue } from '../../src/bytes/byte-queue.ts';
import {
  HttpConnectHandshake,
  type HttpConnectOptions,
} from '../../src/endpoints/http-connect-handshake.ts';
import { ConnectError, ProtocolError, UsageError } from '../../src/errors.ts';
import { chunkings } from '../../testing/chunkings.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';

const target = { host: 'example.net', port: 443 };

function play(chunks: readonly Buffer[], options?: HttpConnectOptions): string {
  const handshake = new HttpConnectHandshake(target, options);
  const queue = new ByteQueue();
  let step = 'more';
  for (const chunk of chunks) {
    queue.push(Buffer.from(chunk));
    if (step === 'more') step = handshake.next(queue).at;
  }
  return step === 'open' ? `open ${queue.takeAll().toString('latin1')}` : step;
}

describe('the request', () => {
  test('names the target twice, as RFC 9112 §3.2.3 wants it', () => {
    expect(String(new HttpConnectHandshake(target).start())).toBe(
      'CONNECT example.net:443 HTTP/1.1\r\nHost: example.net:443\r\n\r\n',
    );
    const v6 = new HttpConnectHandshake({ host: '::1', port: 80 }).start();
    expect(String(v6)).toContain('CONNECT [::1]:80 HTTP/1.1\r\n');
  });

  test('logs in with Basic, in UTF-8', () => {
    const login = { user: 'Aladdin', password: 'open sesame' };
    expect(String(new HttpConnectHandshake(target, { login }).start())).toContain(
      '\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n',
    );
    const accents = { user: 'é', password: undefined };
    expect(String(new HttpConnectHandshake(target, { login: accents }).start())).toContain(
      `Basic ${Buffer.from('é:').toString('base64')}\r\n`,
    );
  });

  test.each([
    { user: 'a:b', password: 'c' },
    { user: 'a', password: 'b\r\nX: y' },
    { user: 'a\0', password: 'b' },
  ])('a login that cannot be sent is refused', (login) => {
    expect(() => new HttpConnectHandshake(target, { login })).toThrow(UsageError);
  });
});

test.each([
  ['HTTP/1.1 200 Connection established\r\n\r\n'],
  ['HTTP/1.0 200 OK\r\nVia: 1.0 x\r\nX-Y_z: \tvalue\r\n\r\n'],
  ['HTTP/1.1 299\r\nContent-Length: 5\r\n\r\n'],
  ['HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n'],
  // Folded (RFC 9112 §5.2), as some old proxies do.
  ['HTTP/1.1 200 OK\r\nVia: 1.0 x,\r\n\t1.1 y\r\n  (z)\r\n\r\n'],
  ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'],
])('%j opens, however it is cut, and leaves what follows', (answer) => {
  for (const chunks of chunkings(Buffer.from(`${answer}\r\n\r\nearly`))) {
    expect(play(chunks)).toBe('open \r\n\r\nearly');
  }
});

test.each([
  ['HTTP/1.1 407 Proxy Authentication Required\r\n\r\n', '407 "Proxy Authentication Required"'],
  ['HTTP/1.1 502 Bad\x1b[31m\r\n\r\n', '502 "Bad\\u001b[31m"'],
  ['HTTP/1.1 302 Found\r\nLocation: x\r\n\r\n', '302 "Found"'],
  ['HTTP/1.1 500\r\n\r\n', '500 ""'],
])('%j is a refusal', (answer, why) => {
  for (const chunks of chunkings(Buffer.from(answer))) {
    expect(() => play(chunks)).toThrow(ConnectError);
    expect(() => play(chunks)).toThrow(`the proxy refused: ${why}`);
  }
});

test.each([
  ['SSH-2.0-x', 'it begins with "S"'],
  ['HTTP/2 200\r\n\r\n', undefined],
  ['HTTP/1.1 OK\r\n\r\n', 'status line "HTTP/1.1 OK"'],
  ['HTTP/1.1 20\r\n\r\n', 'status line'],
  ['HTTP/1.1 200 OK\n\n', 'its first line ends without CR'],
  ['HTTP/1.1 200 OK\nX: y\r\n\r\n', 'its first line ends without CR'],
  ['HTTP/1.1 200 OK\r\n folded\r\n\r\n', 'header field " folded"'],
  ['HTTP/1.1 200 OK\r\nx: y\r\n a\0b\r\n\r\n', 'header field " a'],
  ['HTTP/1.1 200 OK\r\nName : x\r\n\r\n', 'header field "Name : x"'],
  ['HTTP/1.1 200 OK\r\nno colon\r\n\r\n', 'header field "no colon"'],
  ['HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n', 'header field'],
  ['HTTP/1.1 101 Switching\r\n\r\n', 'it switches to another protocol'],
])('%j makes no sense', (answer, why) => {
  for (const chunks of chunkings(Buffer.from(answer), 'bytes')) {
    expect(() => play(chunks)).toThrow(ProtocolError);
    expect(() => play(chunks)).toThrow(why ?? 'the answer of the proxy is not understood');
  }
});

describe('the limit', () => {
  const header = (length: number): Buffer => {
    const start = 'HTTP/1.1 200 OK\r\nx: ';
    return Buffer.from(`${start}${'y'.repeat(length - start.length - 4)}\r\n\r\n`);
  };

  test.each(['whole', 'bytes', 1, 2, 3] as const)('is the last byte that fits, cut %s', (cuts) => {
    for (const chunks of chunkings(header(200), cuts)) {
      expect(play(chunks, { maxHeaderBytes: 200 })).toBe('open ');
    }
    for (const chunks of chunkings(header(201), cuts)) {
      expect(() => play(chunks, { maxHeaderBytes: 200 })).toThrow('its header is too long');
    }
  });

  test('does not count what comes through the tunnel', () => {
    const answer = Buffer.concat([header(200), Buffer.alloc(10_000)]);
    expect(play([answer], { maxHeaderBytes: 200 })).toMatch(/^open /);
  });

  test('holds for a header that never ends, and for interim answers without end', () => {
    expect(() => play([Buffer.from(`HTTP/1.1 200 ${'x'.repeat(20_000)}`)])).toThrow('too long');
    const interim = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'.repeat(1_000));
    expect(() => play([interim])).toThrow('too long');
  });
});

test('garbage waits or is refused', () => {
  const random = new SeededRandom(3);
  const pieces = [
    'HTTP/1.1',
    ' 200',
    ' ',
    '\r\n',
    '\r',
    '\n',
    ':',
    'a',
    '\0',
    '100',
    '\r\n\r\n',
    'é',
  ];
  for (let i = 0; i < 5_000; i++) {
    const length = random.below(12);
    const text = Array.from({ length }, () => pieces[random.below(pieces.length)]).join('');
    const bytes = Buffer.from(`${random.below(2) ? 'HTTP/1.1 200' : ''}${text}`);
    const outcomes = new Set<string>();
    for (const chunks of chunkings(bytes, 'every')) {
      try {
        outcomes.add(play(chunks));
      } catch (error) {
        outcomes.add((error as ProtocolError).code);
      }
    }
    expect(outcomes.size).toBe(1);
  }
});
