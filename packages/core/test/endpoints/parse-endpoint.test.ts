import { describe, expect, test } from 'vitest';
import { parseClientEndpoint, parseServerEndpoint } from '../../src/endpoints/parse-endpoint.ts';
import { parseUdpEndpoint } from '../../src/endpoints/udp-endpoint.ts';
import { UsageError } from '../../src/errors.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';

describe('what an endpoint string means', () => {
  test.each([
    ['tcp://127.0.0.1:8080', { host: '127.0.0.1', port: 8080 }],
    ['tcp://:0', { port: 0 }],
    [
      'tcp://[::1]:80?backlog=5&noDelay=false',
      { host: '::1', port: 80, backlog: 5, noDelay: false },
    ],
    ['tcp://[fe80::1%eth0]:80', { host: 'fe80::1%eth0', port: 80 }],
    ['tcp://localhost:80?keepAliveMs=0', { host: 'localhost', port: 80, keepAliveMs: 0 }],
    ['unix:/run/x.sock', { path: '/run/x.sock' }],
    ['unix:x%3Fy.sock?mode=0660', { path: 'x?y.sock', mode: 0o660 }],
    [
      'tls://:443?cert=/etc/c.pem&key=k%26.pem&alpn=h2,http/1.1',
      { port: 443, cert: '/etc/c.pem', key: 'k&.pem', alpn: ['h2', 'http/1.1'] },
    ],
  ])('listening on %s', (text, place) => {
    expect(parseServerEndpoint(text)).toHaveProperty('place', place);
  });

  test.each([
    ['tcp://example.net:25?timeoutMs=500', { host: 'example.net', port: 25, timeoutMs: 500 }],
    ['tls://[2001:db8::1]:993?verify=false', { host: '2001:db8::1', port: 993, verify: false }],
    ['unix:/run/x.sock', { path: '/run/x.sock' }],
  ])('connecting to %s', (text, place) => {
    expect(parseClientEndpoint(text)).toHaveProperty('place', place);
  });

  test('a UDP endpoint', () => {
    expect(parseUdpEndpoint('udp://:53?receiveBufferBytes=65536')).toHaveProperty('place', {
      port: 53,
      receiveBufferBytes: 65_536,
    });
  });
});

describe('a bad string says what part is wrong', () => {
  test.each([
    ['', 'scheme is missing: write tcp://host:port'],
    ['8080', 'scheme is missing: write tcp://host:port'],
    ['ftp://x:1', 'scheme must be one of tcp, tls, unix: "ftp"'],
    ['udp://:53', 'scheme must be one of tcp, tls, unix: "udp"'],
    ['constructor://x:1', 'scheme must be one of tcp, tls, unix: "constructor"'],
    ['tcp:x:1', 'write tcp://host:port'],
    ['tcp://x', 'port is missing'],
    ['tcp://x:', 'port must be 0 to 65535: '],
    ['tcp://x:99999', 'port must be 0 to 65535: 99999'],
    ['tcp://x:80/path', 'port must be 0 to 65535: 80/path'],
    ['tcp://x:-1', 'port must be 0 to 65535: -1'],
    ['tcp://::1:80', 'an IPv6 host must be in brackets: "::1:80"'],
    ['tcp://[::1]', 'port is missing'],
    ['tcp://[::x]:80', 'host must be IPv6 in brackets: "::x"'],
    ['tcp://[127.0.0.1]:80', 'host must be IPv6 in brackets: "127.0.0.1"'],
    ['tcp://[::1]x:80', 'an IPv6 host must be in brackets: "[::1]x:80"'],
    ['tcp://a b:80', 'host must be a name or an IP address: "a b"'],
    ['tcp://256.1.1.1:80', 'host must be a name or an IP address: "256.1.1.1"'],
    ['tcp://me@x:80', 'host must be a name or an IP address: "me@x"'],
    ['tcp://:80?backlog=0', 'option "backlog" must be 1 to 65535: "0"'],
    ['tcp://:80?noDelay=yes', 'option "noDelay" must be true or false: "yes"'],
    ['tcp://:80?noDelay=true&noDelay=true', 'option "noDelay" is given twice'],
    [
      'tcp://:80?size=1',
      'option "size" is unknown: known are backlog, maxPendingBytes, autoCork, noDelay, keepAliveMs',
    ],
    ['tcp://:80?noDelay=%zz', 'noDelay has a broken %-escape: "%zz"'],
    ['unix:', 'path is missing: write unix:/run/app.sock'],
    ['unix:/x%00', 'path must not contain a zero byte'],
    ['unix:/x?mode=888', 'option "mode" must be octal, such as 660: "888"'],
    ['tls://:443?key=k.pem', 'option "cert" is missing: write cert=path'],
    ['tls://:443?cert=c.pem', 'option "key" is missing: write key=path'],
    ['tls://:443?cert=&key=k', 'option "cert" must be some text: ""'],
  ])('%j', (text, why) => {
    const parse = (): unknown => parseServerEndpoint(text);
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(
      expect.objectContaining({
        code: 'HAWSER_BAD_ENDPOINT',
        message: `Cannot parse endpoint ${JSON.stringify(text)}: ${why}`,
      }),
    );
  });

  test.each([
    ['tcp://x:0', 'port must be 1 to 65535: 0'],
    ['tcp://:25', 'host is missing'],
    ['tcp://x:25?backlog=5', 'option "backlog" is unknown'],
  ])('%j to connect to', (text, why) => {
    expect(() => parseClientEndpoint(text)).toThrow(why);
  });

  test('another scheme for UDP', () => {
    expect(() => parseUdpEndpoint('tcp://:53')).toThrow('scheme must be udp: "tcp"');
  });
});

const SIGNS = ['/', 'a', '.', '?', '&', '=', '#', '%', ' ', 'é', ':', '@', ','];

test.each([1, 2, 3])('seed %i: String(endpoint) can be parsed and means the same', (seed) => {
  const random = new SeededRandom(seed);
  const pick = <T>(...from: readonly T[]): T => from[random.below(from.length)] as T;
  const some = (text: string): string[] => (random.below(2) ? [text] : []);
  for (let i = 0; i < 500; i++) {
    const host = pick('', '10.0.0.1', 'a.example', '[::]', '[2001:db8::7]', '[fe80::1%eth0]');
    const port = random.below(65_536);
    const tcp = [
      ...some(`backlog=${random.below(500) + 1}`),
      ...some(`noDelay=${pick('true', 'false')}`),
      ...some(`keepAliveMs=${random.below(9_999)}`),
    ];
    const path = encodeURIComponent(
      Array.from({ length: 1 + random.below(9) }, () => pick(...SIGNS)).join(''),
    );
    const tls = [
      `cert=${path}`,
      `key=${path}`,
      ...some('alpn=h2,http/1.1'),
      ...some('minVersion=TLSv1.3'),
    ];
    const text = pick(
      `tcp://${host}:${port}?${tcp.join('&')}`,
      `tls://${host}:${port}?${[...tls, ...tcp].join('&')}`,
      `unix:${path}?${some('mode=600').join('')}`,
    );
    const endpoint = parseServerEndpoint(text);
    const again = parseServerEndpoint(String(endpoint));
    expect(again).toEqual(endpoint);
    expect(String(again)).toBe(String(endpoint));
  }
});

test('text without surprises prints as it was written', () => {
  for (const text of [
    'tcp://127.0.0.1:80',
    'tcp://[::1]:80?noDelay=false',
    'unix:/run/x.sock?mode=660',
    'tls://:443?cert=/etc/tls/cert.pem&key=/etc/tls/key.pem&alpn=h2,http/1.1&backlog=9',
  ]) {
    expect(String(parseServerEndpoint(text))).toBe(text);
  }
  expect(String(parseUdpEndpoint('udp://:53'))).toBe('udp://:53');
  expect(String(parseClientEndpoint('tls://h:1?verify=false'))).toBe('tls://h:1?verify=false');
});
