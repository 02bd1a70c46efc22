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
    ['tcp://[fe80::1%25eth0]:80', { host: 'fe80::1%eth0', port: 80 }],
    ['sim://server:25', { host: 'server', port: 25 }],
    ['tcp://a_b.example.:80?', { host: 'a_b.example.', port: 80 }],
    ['tcp://:80?tcp.backlog=5', { port: 80, backlog: 5 }],
    ['unix:@abstract', { path: '@abstract' }],
    ['systemd:web?backlog=5', { name: 'web', backlog: 5 }],
    ['fd:3', { fd: 3 }],
    ['tcp://localhost:80?keepAliveMs=0', { host: 'localhost', port: 80, keepAliveMs: 0 }],
    ['unix:/run/x.sock', { path: '/run/x.sock' }],
    ['unix:///run/x.sock', { path: '/run/x.sock' }],
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
    // The scheme.
    ['', 'scheme is missing: write tcp://host:port'],
    ['8080', 'scheme is missing: write tcp://:8080'],
    [':8080', 'scheme is missing: write tcp://:8080'],
    ['//x:80', 'scheme is missing: write tcp://x:80'],
    ['localhost:80', 'scheme is missing: write tcp://localhost:80'],
    ['[::1]:80', 'scheme is missing: write tcp://[::1]:80'],
    ['/run/x.sock', 'scheme is missing: write unix:/run/x.sock'],
    ['TCP://x:80', 'scheme must be in lower case: write tcp'],
    ['tpc://x:1', 'scheme "tpc" is unknown: did you mean "tcp"?'],
    ['unixx:/run/x', 'scheme "unixx" is unknown: did you mean "unix"?'],
    ['udp://:53', '"udp" is for datagrams, but this is for streams'],
    ['tcp+://x:1', 'scheme has an empty part: "tcp+"'],
    ['tcp:x:1', 'write tcp://host:port'],
    ['tcp:/x:1', 'write tcp://host:port'],
    ['tcp:', 'write tcp://host:port'],
    // Around everything.
    [' tcp://x:1', 'no white space may stand around it'],
    ['tcp://x:1\n', 'no white space may stand around it'],
    ['tcp://x\t:1', 'a control character must be escaped with %: "\\t"'],
    ['tcp://x:1#top', 'no fragment may follow, write %23 if # is meant: "#top"'],
    ['unix:/run/a#b', 'no fragment may follow, write %23 if # is meant: "#b"'],
    // The port.
    ['tcp://x', 'port is missing'],
    ['tcp://x:', 'port is missing'],
    ['tcp://', 'port is missing'],
    ['tcp://[::1]', 'port is missing'],
    ['tcp://x:99999', 'port must be 0 to 65535: 99999'],
    ['tcp://x:65536', 'port must be 0 to 65535: 65536'],
    ['tcp://x:-1', 'port must be a number: "-1"'],
    ['tcp://x:http', 'port must be a number: "http"'],
    ['tcp://x:8o', 'port must be a number: "8o"'],
    ['tcp://x:80 ?noDelay=true', 'port must be a number: "80 "'],
    // What may not be there.
    ['tcp://x:80/', 'no path may follow the port: "/"'],
    ['tcp://x:80/path', 'no path may follow the port: "/path"'],
    ['tcp://me@x:80', 'no user may stand before the host'],
    // The host.
    ['tcp://::1:80', 'an IPv6 host must be in brackets: write "[::1:80]:port"'],
    ['tcp://fe80::x:80', 'an IPv6 host must be in brackets: "fe80::x:80"'],
    ['tcp://x:80:81', 'an IPv6 host must be in brackets: "x:80:81"'],
    ['tcp://[::1:80', 'bracket is not closed: "[::1:80"'],
    ['tcp://::1]:80', 'bracket is not opened: "::1]:80"'],
    ['tcp://[::1]x:80', '":port" must follow the bracket: "x:80"'],
    ['tcp://[::x]:80', 'host must be IPv6 in brackets: "::x"'],
    ['tcp://[]:80', 'host must be IPv6 in brackets: ""'],
    ['tcp://[127.0.0.1]:80', 'host must be IPv6 in brackets: "127.0.0.1"'],
    ['tcp://[fe80::1%]:80', 'zone must be the name of an interface: ""'],
    ['tcp://[fe80::1%a b]:80', 'zone must be the name of an interface: "a b"'],
    ['tcp://a b:80', 'host must be a name or an IP address: "a b"'],
    ['tcp://-x:80', 'host must be a name or an IP address: "-x"'],
    ['tcp://a..b:80', 'host must be a name or an IP address: "a..b"'],
    ['tcp://*:80', 'host must be a name or an IP address: "*"'],
    [
      'tcp://münchen.example:80',
      'host must be a name or an IP address, in ASCII "xn--mnchen-3ya.example": "münchen.example"',
    ],
    [
      `tcp://${'a'.repeat(64)}.example:80`,
      `host must be a name or an IP address: "${'a'.repeat(64)}.example"`,
    ],
    ['tcp://256.1.1.1:80', 'host is no IPv4 address: "256.1.1.1"'],
    ['tcp://1.2.3:80', 'host is no IPv4 address: "1.2.3"'],
    ['tcp://010.0.0.1:80', 'host is no IPv4 address: "010.0.0.1"'],
    // The options.
    ['tcp://:80?backlog=0', 'option "backlog" must be 1 to 65535: "0"'],
    ['tcp://:80?backlog=', 'option "backlog" must be 1 to 65535: ""'],
    ['tcp://:80?backlog=1e3', 'option "backlog" must be 1 to 65535: "1e3"'],
    ['tcp://:80?noDelay=yes', 'option "noDelay" must be true or false: "yes"'],
    ['tcp://:80?noDelay', 'option "noDelay" has no value: write noDelay=...'],
    ['tcp://:80?=true', 'option has no name: "=true"'],
    ['tcp://:80?noDelay=true&noDelay=true', 'option "noDelay" is given twice'],
    ['tcp://:80?nodelay=true', 'option "nodelay" is unknown: did you mean "noDelay"?'],
    ['tcp://:80?baklog=5', 'option "baklog" is unknown: did you mean "backlog"?'],
    ['tcp://:80?keepAlive=5', 'option "keepAlive" is unknown: did you mean "keepAliveMs"?'],
    [
      'tcp://:80?size=1',
      'option "size" is unknown: known are backlog, maxPendingBytes, autoCork, noDelay, keepAliveMs',
    ],
    ['tcp://:80?tls.cert=x', 'option "tls.cert" is for "tls", which is not in "tcp"'],
    ['tcp://:80?noDelay=%zz', 'noDelay has a broken %-escape: "%zz"'],
    ['tcp://:80?%zz=1', 'option has a broken %-escape: "%zz"'],
    // Others than TCP.
    ['unix:', 'path is missing: write unix:/run/app.sock'],
    ['unix:/x%00', 'path must not contain a zero byte'],
    ['unix:/x%', 'path has a broken %-escape: "/x%"'],
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

  test.each(['gopher', 'constructor'])('scheme %s', (scheme) => {
    expect(() => parseServerEndpoint(`${scheme}://x:1`)).toThrow(
      `scheme "${scheme}" is unknown: known are tcp, tls, unix, sim, `,
    );
  });

  test('text without end', () => {
    expect(() => parseServerEndpoint(`unix:/${'x'.repeat(9_000)}`)).toThrow(
      'it must have at most 8192 characters',
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
    expect(() => parseUdpEndpoint('tcp://:53')).toThrow('scheme must be udp, systemd or fd: "tcp"');
    expect(() => parseUdpEndpoint('udp://:99999')).toThrow('port must be 0 to 65535: 99999');
  });

  test('whatever else is wrong, it is a UsageError', () => {
    const random = new SeededRandom(7);
    const pieces = [
      'tcp',
      'tls',
      'sim',
      '+',
      ':',
      '//',
      '/',
      '@',
      '[',
      ']',
      '%',
      '?',
      '&',
      '=',
      '.',
    ];
    pieces.push('::1', 'x', '80', 'cert', 'noDelay', 'true', ' ', '\0', '\u{1f600}', '-', '99999');
    const surprises: unknown[] = [];
    let accepted = 0;
    for (let i = 0; i < 20_000; i++) {
      const length = 1 + random.below(12);
      const parts = Array.from({ length }, () => pieces[random.below(pieces.length)]);
      const text = `${random.below(2) ? 'tcp://x:1' : ''}${parts.join('')}`;
      for (const parse of [parseServerEndpoint, parseClientEndpoint, parseUdpEndpoint]) {
        try {
          const printed = String(parse(text));
          accepted += 1;
          if (String(parse(printed)) !== printed) surprises.push([text, printed]);
        } catch (error) {
          if (!(error instanceof UsageError)) surprises.push([text, error]);
        }
      }
    }
    expect(surprises).toEqual([]);
    expect(accepted).toBeGreaterThan(100);
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
      `sim://${host}:${port}?${tcp.join('&')}`,
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
    'sim://server:80',
    'tcp://[::1]:80?noDelay=false',
    'unix:/run/x.sock?mode=660',
    'tls://:443?cert=/etc/tls/cert.pem&key=/etc/tls/key.pem&alpn=h2,http/1.1&backlog=9',
  ]) {
    expect(String(parseServerEndpoint(text))).toBe(text);
  }
  // A zone that begins like an escaped percent sign.
  const zone = 'tcp://[fe80::1%2525]:80';
  expect(parseServerEndpoint(zone)).toMatchObject({ place: { host: 'fe80::1%25' } });
  expect(String(parseServerEndpoint(zone))).toBe(zone);
  expect(String(parseUdpEndpoint('udp://:53'))).toBe('udp://:53');
  expect(String(parseUdpEndpoint('systemd:dns'))).toBe('systemd:dns');
  expect(String(parseClientEndpoint('tls://h:1?verify=false'))).toBe('tls://h:1?verify=false');
});
