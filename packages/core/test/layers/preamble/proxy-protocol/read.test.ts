import { describe, expect, test } from 'vitest';
import { crc32c } from '../../../../src/layers/preamble/proxy-protocol/crc32c.ts';
import {
  matchProxyProtocol,
  parseProxyHeader,
} from '../../../../src/layers/preamble/proxy-protocol/read.ts';
import { inet } from '../../arrive.ts';
import { REST, realHeaders } from './real-headers.ts';

const v4 = { source: inet('192.0.2.1', 56_324), destination: inet('198.51.100.1', 443) };
const v6 = { source: inet('2001:db8::1', 56_324), destination: inet('2001:db8::2', 443) };

const expected: { readonly [name in keyof typeof realHeaders]: object } = {
  'v1 TCP4': { version: 1, command: 'proxy', ...v4, tlvs: [] },
  'v1 TCP6': { version: 1, command: 'proxy', ...v6, tlvs: [] },
  'v1 UNKNOWN': { version: 1, command: 'proxy', tlvs: [] },
  'v1 UNKNOWN with addresses': { version: 1, command: 'proxy', tlvs: [] },
  'v2 TCP over IPv4': { version: 2, command: 'proxy', ...v4, tlvs: [] },
  'v2 TCP over IPv6': { version: 2, command: 'proxy', ...v6, tlvs: [] },
  'v2 health check': { version: 2, command: 'local', tlvs: [] },
  'v2 health check with values': { version: 2, command: 'local', tlvs: [] },
  'v2 unspecified': { version: 2, command: 'proxy', tlvs: [] },
  'v2 with values and checksum': {
    version: 2,
    command: 'proxy',
    ...v4,
    alpn: 'h2',
    authority: 'www.example.net',
    uniqueId: Buffer.from('0a00020f:dc04'),
    tls: { secure: true, certificate: 'connection', verified: true, version: 'TLSv1.3' },
    tlvs: [
      { type: 1, value: Buffer.from('h2') },
      { type: 2, value: Buffer.from('www.example.net') },
      { type: 5, value: Buffer.from('0a00020f:dc04') },
      { type: 0x20, value: Buffer.from('0700000000210007544c5376312e33', 'hex') },
      { type: 0xea, value: Buffer.from('01767063652d313233', 'hex') },
    ],
  },
};

describe.each(Object.entries(realHeaders))('%s', (name, header) => {
  test('is read, and what follows is left', () => {
    const parsed = parseProxyHeader(Buffer.concat([header, REST]));
    expect(parsed?.header).toMatchObject(expected[name as keyof typeof realHeaders]);
    expect(parsed?.length).toBe(header.length);
  });

  test('is not complete before its last byte', () => {
    for (let length = 0; length < header.length; length++) {
      expect(parseProxyHeader(header.subarray(0, length))).toBeUndefined();
    }
  });
});

const v2 = (body: string, { command = '21', family = '11' } = {}): Buffer => {
  const bytes = Buffer.from(body, 'hex');
  const length = bytes.length.toString(16).padStart(4, '0');
  return Buffer.concat([
    Buffer.from(`0d0a0d0a000d0a515549540a${command}${family}${length}`, 'hex'),
    bytes,
  ]);
};
const V4_ENDS = 'c0000201c6336401dc0401bb';

test.each<[string, Buffer | string]>([
  ['no header', 'GET / HTTP/1.1\r\n'],
  ['a first byte that cannot be', 'X'],
  ['lower case', 'proxy TCP4 192.0.2.1 198.51.100.1 1 2\r\n'],
  ['a signature that is wrong at the end', '\r\n\r\n\0\r\nQUIT\r'],
  ['an unknown family', 'PROXY UDP4 192.0.2.1 198.51.100.1 1 2\r\n'],
  ['no family', 'PROXY \r\n'],
  ['a field too few', 'PROXY TCP4 192.0.2.1 198.51.100.1 1\r\n'],
  ['a field too many', 'PROXY TCP4 192.0.2.1 198.51.100.1 1 2 3\r\n'],
  ['two spaces', 'PROXY TCP4  192.0.2.1 198.51.100.1 1 2\r\n'],
  ['an address of the other family', 'PROXY TCP4 2001:db8::1 198.51.100.1 1 2\r\n'],
  ['a name', 'PROXY TCP4 localhost 198.51.100.1 1 2\r\n'],
  ['a zone', 'PROXY TCP6 fe80::1%eth0 fe80::2 1 2\r\n'],
  ['a port too high', 'PROXY TCP4 192.0.2.1 198.51.100.1 65536 2\r\n'],
  ['a port with a zero in front', 'PROXY TCP4 192.0.2.1 198.51.100.1 01 2\r\n'],
  ['a negative port', 'PROXY TCP4 192.0.2.1 198.51.100.1 -1 2\r\n'],
  ['version 1 of the binary form', v2(V4_ENDS, { command: '11' })],
  ['an unknown command', v2(V4_ENDS, { command: '22' })],
  ['an unknown binary family', v2(V4_ENDS, { family: '41' })],
  ['an unknown kind of socket', v2(V4_ENDS, { family: '13' })],
  ['a family without a kind of socket', v2(V4_ENDS, { family: '10' })],
  ['addresses that are cut off', v2('c0000201c6336401dc04')],
  ['Unix addresses that are cut off', v2('00'.repeat(215), { family: '31' })],
  ['a value that is cut off', v2(`${V4_ENDS}0100`)],
  ['a value that is too long', v2(`${V4_ENDS}01000568`)],
  ['a TLS value that is too short', v2(`${V4_ENDS}20000401000000`)],
  ['a value inside TLS that is too long', v2(`${V4_ENDS}200008010000000021ffff`)],
  ['a checksum of three bytes', v2(`${V4_ENDS}030003000000`)],
  ['a wrong checksum', v2(`${V4_ENDS}03000400000000`)],
])('%s is a mistake of the peer', (_, bytes) => {
  expect(() => parseProxyHeader(Buffer.from(bytes))).toThrow(
    expect.objectContaining({ name: 'ProtocolError', code: 'HAWSER_BAD_PROXY_HEADER' }),
  );
});

test('a line of 107 bytes is read, one of 108 is not, and one without an end stops at 107', () => {
  const line = (bytes: number): Buffer =>
    Buffer.from(`PROXY UNKNOWN ${'x'.repeat(bytes - 'PROXY UNKNOWN \r\n'.length)}\r\n`);
  expect(parseProxyHeader(line(107))?.length).toBe(107);
  expect(() => parseProxyHeader(line(108))).toThrow('more than 107 bytes');
  const endless = Buffer.from(`PROXY UNKNOWN ${'x'.repeat(200)}`);
  expect(parseProxyHeader(endless.subarray(0, 106))).toBeUndefined();
  expect(() => parseProxyHeader(endless.subarray(0, 107))).toThrow('more than 107 bytes');
});

test('a binary header of maxBytes is read, and one byte more is refused by its length alone', () => {
  const sized = (bytes: number): Buffer => {
    const padding = bytes - 16 - 12 - 3;
    return v2(`${V4_ENDS}04${padding.toString(16).padStart(4, '0')}${'00'.repeat(padding)}`);
  };
  expect(parseProxyHeader(sized(1024))?.length).toBe(1024);
  expect(() => parseProxyHeader(sized(1025).subarray(0, 16))).toThrow('more than 1024 bytes');
  expect(parseProxyHeader(sized(60_000), { maxBytes: 60_000 })?.length).toBe(60_000);
  expect(() => parseProxyHeader(v2(V4_ENDS), { maxBytes: 27 })).toThrow('more than 27 bytes');
});

test('datagrams and Unix sockets have addresses of their kind', () => {
  expect(parseProxyHeader(v2(V4_ENDS, { family: '12' }))?.header.source).toEqual({
    kind: 'udp',
    host: '192.0.2.1',
    port: 56_324,
    family: 4,
  });
  const path = (text: string): string => Buffer.from(text).toString('hex').padEnd(216, '0');
  const unix = (source: string): unknown =>
    parseProxyHeader(v2(path(source) + path('/run/x'), { family: '31' }))?.header;
  expect(unix('/run/client')).toMatchObject({
    source: { kind: 'unix', path: '/run/client' },
    destination: { kind: 'unix', path: '/run/x' },
  });
  expect(unix('')).toMatchObject({ source: { kind: 'unix', path: '' } });
  expect(unix('\0abstract')).toMatchObject({ source: { kind: 'unix', path: '\0abstract' } });
  expect(unix('x'.repeat(108))).toMatchObject({ source: { path: 'x'.repeat(108) } });
});

test.each(['10', '41', 'ff'])('of a local connection the family %s means nothing', (family) => {
  expect(parseProxyHeader(v2('c0ffee', { command: '20', family }))).toEqual({
    header: { version: 2, command: 'local', tlvs: [] },
    length: 19,
  });
});

test('a mapped address is the IPv4 one', () => {
  const ends = `${'00'.repeat(10)}ffffc0000201${'00'.repeat(10)}ffffc6336401dc0401bb`;
  expect(parseProxyHeader(v2(ends, { family: '21' }))?.header).toMatchObject(v4);
  const line = 'PROXY TCP6 ::ffff:192.0.2.1 ::ffff:198.51.100.1 56324 443\r\n';
  expect(parseProxyHeader(Buffer.from(line))?.header).toMatchObject(v4);
});

test('what was read does not keep the chunk it came in', () => {
  const chunk = Buffer.alloc(65_536);
  realHeaders['v2 with values and checksum'].copy(chunk);
  const { uniqueId } = parseProxyHeader(chunk)?.header ?? {};
  expect(uniqueId?.buffer).not.toBe(chunk.buffer);
});

test('the matcher knows both forms, and that nothing else is one', () => {
  const verdict = (text: string): string => matchProxyProtocol.test(Buffer.from(text, 'latin1'));
  expect(['', 'P', 'PROXY', '\r\n\r\n\0\r\nQUIT'].map(verdict)).toEqual(Array(4).fill('more'));
  expect(['PROXY ', 'PROXY x', '\r\n\r\n\0\r\nQUIT\nx'].map(verdict)).toEqual(Array(3).fill('yes'));
  expect(['X', 'PROXI', '\r\n\r\n\r', 'POST / HTTP'].map(verdict)).toEqual(Array(4).fill('no'));
});

test('CRC32c of the check string, and of the zeros of RFC 3720', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
});
