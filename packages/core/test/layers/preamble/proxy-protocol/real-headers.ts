/**
 * Headers as proxies send them. The first two and the health check follow HAProxy 2.6 with `send-proxy`,
 * `send-proxy-v2` and `check-send-proxy`; the values follow section 2.2 of the specification.
 */
import { encodeProxyHeader } from '../../../../src/layers/preamble/proxy-protocol/write.ts';
import { inet } from '../../arrive.ts';

const SIGNATURE = '0d0a0d0a000d0a515549540a';

const hex = (...parts: readonly string[]): Buffer => Buffer.from(parts.join(''), 'hex');

export const realHeaders = {
  'v1 TCP4': Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n'),
  'v1 TCP6': Buffer.from('PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n'),
  'v1 UNKNOWN': Buffer.from('PROXY UNKNOWN\r\n'),
  'v1 UNKNOWN with addresses': Buffer.from(
    'PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n',
  ),
  'v2 TCP over IPv4': hex(SIGNATURE, '21', '11', '000c', 'c0000201', 'c6336401', 'dc04', '01bb'),
  'v2 TCP over IPv6': hex(
    SIGNATURE,
    '2121',
    '0024',
    '20010db8000000000000000000000001',
    '20010db8000000000000000000000002',
    'dc0401bb',
  ),
  'v2 health check': hex(SIGNATURE, '20', '00', '0000'),
  'v2 health check with values': hex(SIGNATURE, '20', '11', '0003', '040000'),
  'v2 unspecified': hex(SIGNATURE, '21', '00', '0004', '01020304'),
  'v2 with values and checksum': encodeProxyHeader({
    source: inet('192.0.2.1', 56_324),
    destination: inet('198.51.100.1', 443),
    checksum: true,
    alpn: 'h2',
    authority: 'www.example.net',
    uniqueId: Buffer.from('0a00020f:dc04'),
    tls: { secure: true, certificate: 'connection', verified: true, version: 'TLSv1.3' },
    tlvs: [{ type: 0xea, value: hex('01', '767063652d313233') }],
  }),
} as const;

/** `header` with something behind it, which does not belong to it. */
export const REST: Buffer = Buffer.from('GET / HTTP/1.1\r\n\r\n');
