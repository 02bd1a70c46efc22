import { describe, expect, test } from 'vitest';
import { parseProxyHeader } from '../../../../src/layers/preamble/proxy-protocol/read.ts';
import {
  encodeProxyHeader,
  type ProxyHeaderParts,
} from '../../../../src/layers/preamble/proxy-protocol/write.ts';
import { inet } from '../../arrive.ts';
import { realHeaders } from './real-headers.ts';

const v4 = { source: inet('192.0.2.1', 56_324), destination: inet('198.51.100.1', 443) };
const v6 = { source: inet('2001:db8::1', 56_324), destination: inet('2001:db8::2', 443) };
const unix = (path: string) => ({ kind: 'unix', path }) as const;

test('headers are written as proxies write them', () => {
  expect(encodeProxyHeader({ version: 1, ...v4 })).toEqual(realHeaders['v1 TCP4']);
  expect(encodeProxyHeader({ version: 1, ...v6 })).toEqual(realHeaders['v1 TCP6']);
  expect(encodeProxyHeader({ version: 1 })).toEqual(realHeaders['v1 UNKNOWN']);
  expect(encodeProxyHeader(v4)).toEqual(realHeaders['v2 TCP over IPv4']);
  expect(encodeProxyHeader(v6)).toEqual(realHeaders['v2 TCP over IPv6']);
  expect(encodeProxyHeader()).toEqual(realHeaders['v2 health check']);
});

const everything: ProxyHeaderParts = {
  alpn: 'http/1.1',
  authority: 'bücher.example',
  uniqueId: Buffer.alloc(128, 7),
  namespace: 'blue',
  tls: {
    secure: true,
    certificate: 'session',
    verified: false,
    version: 'TLSv1.2',
    commonName: 'Ada',
    cipher: 'ECDHE-RSA-AES128-GCM-SHA256',
    signature: 'SHA256',
    key: 'RSA2048',
  },
};

describe.each<[string, ProxyHeaderParts]>([
  ['IPv4', v4],
  ['IPv6', v6],
  [
    'UDP',
    {
      source: { ...v4.source, kind: 'udp' },
      destination: { ...v4.destination, kind: 'udp' },
    } as ProxyHeaderParts,
  ],
  ['Unix', { source: unix(''), destination: unix('/run/x.sock') }],
  ['abstract Unix', { source: unix('\0a'), destination: unix('x'.repeat(108)) }],
])('%s', (_, ends) => {
  test.each([
    ['alone', {}],
    ['with a checksum', { checksum: true }],
    ['with everything', everything],
    ['with everything and a checksum', { ...everything, checksum: true }],
  ])('%s is read back', (__, more) => {
    const written = encodeProxyHeader({ ...ends, ...more });
    const parsed = parseProxyHeader(written, { maxBytes: 65_551 });
    expect(parsed?.length).toBe(written.length);
    const { checksum: ___, ...facts }: ProxyHeaderParts = more;
    expect(parsed?.header).toMatchObject({ version: 2, command: 'proxy', ...ends, ...facts });
  });
});

test('version 1 is read back, in IPv4 and IPv6', () => {
  for (const ends of [v4, v6]) {
    const parsed = parseProxyHeader(encodeProxyHeader({ version: 1, ...ends }));
    expect(parsed?.header).toMatchObject(ends);
  }
});

test('an IPv4 address next to an IPv6 one is a mapped one', () => {
  const mixed = { source: v4.source, destination: v6.destination };
  expect(parseProxyHeader(encodeProxyHeader(mixed))?.header).toMatchObject(mixed);
  expect(String(encodeProxyHeader({ version: 1, ...mixed }))).toBe('PROXY UNKNOWN\r\n');
});

test('version 1 says that other addresses are unknown', () => {
  const header = encodeProxyHeader({ version: 1, source: unix('/a'), destination: unix('/b') });
  expect(String(header)).toBe('PROXY UNKNOWN\r\n');
});

test.each<[string, ProxyHeaderParts]>([
  ['values in version 1', { version: 1, ...v4, alpn: 'h2' }],
  ['a checksum in version 1', { version: 1, ...v4, checksum: true }],
  ['a name for an address', { ...v4, source: { ...v4.source, host: 'localhost' } as never }],
  ['a name in version 1', { version: 1, ...v4, source: { ...v4.source, host: 'a b' } as never }],
  ['a path too long', { source: unix('x'.repeat(109)), destination: unix('') }],
  ['mixed kinds', { source: unix(''), destination: v4.destination }],
  ['pipes', { source: { kind: 'memory', name: 'a' }, destination: { kind: 'memory', name: 'b' } }],
  ['an id too long', { ...v4, uniqueId: Buffer.alloc(129) }],
  ['more than the length can say', { ...v4, tlvs: [{ type: 0xe0, value: Buffer.alloc(65_535) }] }],
])('%s is a mistake', (_, parts) => {
  expect(() => encodeProxyHeader(parts)).toThrow(RangeError);
});
