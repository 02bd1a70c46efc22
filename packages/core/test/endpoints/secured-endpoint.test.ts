import { describe, expect, test } from 'vitest';
import { parseClientEndpoint, parseServerEndpoint } from '../../src/endpoints/parse-endpoint.ts';
import {
  SecuredClientEndpoint,
  SecuredServerEndpoint,
} from '../../src/endpoints/secured-endpoint.ts';
import { TlsClientEndpoint, TlsServerEndpoint } from '../../src/endpoints/tls-endpoint.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';

describe('tls as a prefix', () => {
  test('directly over TCP it is the endpoint that tls:// is', () => {
    const server = parseServerEndpoint('tls+tcp://:443?cert=c&key=k');
    expect(server).toBeInstanceOf(TlsServerEndpoint);
    expect(String(server)).toBe('tls://:443?cert=c&key=k');
    const client = parseClientEndpoint('tls+tcp://h:1');
    expect(client).toBeInstanceOf(TlsClientEndpoint);
  });

  test('after another prefix, tls:// stands for tls+tcp://', () => {
    const long = parseServerEndpoint(
      'proxy+tls+tcp://:443?cert=/c.pem&key=/k.pem&proxy.trust=10.0.0.0/8,unix&backlog=5',
    );
    const short = parseServerEndpoint(
      'proxy+tls://:443?cert=/c.pem&key=/k.pem&trust=10.0.0.0/8,unix&backlog=5',
    );
    const text =
      'proxy+tls+tcp://:443?backlog=5&proxy.trust=10.0.0.0/8,unix&tls.cert=/c.pem&tls.key=/k.pem';
    expect(long).toBeInstanceOf(SecuredServerEndpoint);
    expect(String(long)).toBe(text);
    expect(String(short)).toBe(text);
    expect(String(parseServerEndpoint(text))).toBe(text);
  });

  test('through a tunnel it verifies the far end', () => {
    const text = 'socks5+tls+tcp://me:pw@proxy:1080/example.net:993?tls.minVersion=TLSv1.3';
    const endpoint = parseClientEndpoint(text);
    expect(endpoint).toBeInstanceOf(SecuredClientEndpoint);
    expect(endpoint).toMatchObject({
      place: { host: 'example.net', port: 993, minVersion: 'TLSv1.3' },
    });
    expect(String(endpoint)).toBe(text);
  });

  test('nearest the wire it verifies the proxy', () => {
    expect(parseClientEndpoint('tls+socks5+tcp://proxy:1080/example.net:993')).toMatchObject({
      place: { proxy: { place: { host: 'proxy', port: 1080 } } },
    });
  });

  test('over a Unix socket it needs a name', () => {
    expect(() => parseClientEndpoint('tls+unix:/run/x')).toThrow(
      'option "serverName" is missing as there is no host to verify: write tls.serverName=...',
    );
    const text = 'tls+unix:/run/x?tls.serverName=a.example';
    expect(String(parseClientEndpoint(text))).toBe(text);
    expect(String(parseClientEndpoint('tls+unix:/run/x?verify=false'))).toContain('verify=false');
  });

  test.each([
    ['proxy+tls+tcp://:443?key=k&proxy.trust=unix', 'option "cert" is missing: write cert=...'],
    ['proxy+tls+tcp://:443?cert=c&proxy.trust=unix', 'option "key" is missing: write key=...'],
    ['proxy+tcp://:443', 'option "trust" is missing: write trust=...'],
    [
      'proxy+tcp://:443?trust=10.0.0.0/33',
      'option "trust" must be addresses, networks or "unix" with commas between: "10.0.0.0/33"',
    ],
    ['proxy+tcp://:443?proxy.maxBytes=5&trust=unix', 'option "maxBytes" must be 16 to 65551: "5"'],
    ['proxy+tls+tcp://:443?tls.backlog=5', 'option "tls.backlog" is unknown'],
    ['proxy+proxy+tcp://:443?trust=unix', 'option "trust" is ambiguous as "proxy" stands twice'],
    ['tls+tls+tcp://:443?tls.cert=c', 'option "tls.cert" is ambiguous as "tls" stands twice'],
  ])('%s is refused', (text, why) => {
    expect(() => parseServerEndpoint(text)).toThrow(why);
  });
});

test('files that cannot be read fail the listening', async () => {
  const endpoint = parseServerEndpoint('proxy+tls://:1?cert=/nowhere/c&key=/nowhere/k&trust=unix');
  await expect(endpoint.listen(createTestReactor(), () => undefined)).rejects.toMatchObject({
    code: 'HAWSER_BAD_ENDPOINT',
  });
});
