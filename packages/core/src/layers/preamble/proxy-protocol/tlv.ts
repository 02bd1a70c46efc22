/** The values behind the addresses of version 2 (§2.2.1 to §2.2.8): type, length of two bytes, value. */
import { badHeader } from './bad-header.ts';
import type { ProxyFacts, ProxyTls, ProxyTlv } from './header.ts';

export const TlvType = {
  Alpn: 0x01,
  Authority: 0x02,
  Crc32c: 0x03,
  Noop: 0x04,
  UniqueId: 0x05,
  Tls: 0x20,
  TlsVersion: 0x21,
  TlsCommonName: 0x22,
  TlsCipher: 0x23,
  TlsSignature: 0x24,
  TlsKey: 0x25,
  Namespace: 0x30,
} as const;

/** Bits of the first byte of the TLS value. */
const TlsClient = { Secure: 1, CertificateOfConnection: 2, CertificateOfSession: 4 } as const;
/** The bits, and 4 bytes that are 0 after a successful verification. */
const TLS_FIXED_BYTES = 5;

/** All values in `bytes`, which must be nothing but values. */
export function decodeTlvs(bytes: Buffer): ProxyTlv[] {
  const tlvs: ProxyTlv[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at + 3;
    if (start > bytes.length) throw badHeader('a value is cut off');
    const end = start + bytes.readUInt16BE(at + 1);
    if (end > bytes.length) throw badHeader('a value is longer than the header');
    tlvs.push({ type: bytes[at] ?? 0, value: bytes.subarray(start, end) });
    at = end;
  }
  return tlvs;
}

export function encodeTlvs(tlvs: readonly ProxyTlv[]): Buffer {
  return Buffer.concat(
    tlvs.flatMap(({ type, value }) => {
      const head = Buffer.alloc(3);
      head.writeUInt8(type, 0);
      head.writeUInt16BE(value.length, 1);
      return [head, value];
    }),
  );
}

/** What the values mean, as far as we know them. Of a type that comes twice, the first counts. */
export function readFacts(tlvs: readonly ProxyTlv[]): ProxyFacts {
  const tls = find(tlvs, TlvType.Tls);
  return {
    alpn: find(tlvs, TlvType.Alpn)?.toString('latin1'),
    authority: find(tlvs, TlvType.Authority)?.toString('utf8'),
    uniqueId: find(tlvs, TlvType.UniqueId),
    tls: tls && readTls(tls),
    namespace: find(tlvs, TlvType.Namespace)?.toString('latin1'),
  };
}

/** The values that say `facts`. */
export function writeFacts(facts: ProxyFacts): ProxyTlv[] {
  const { alpn, authority, uniqueId, tls, namespace } = facts;
  if (uniqueId && uniqueId.length > 128) {
    throw new RangeError(
      `Cannot write a PROXY header as uniqueId must have at most 128 bytes: ${uniqueId.length}`,
    );
  }
  return [
    ...text(TlvType.Alpn, alpn),
    ...text(TlvType.Authority, authority),
    ...(uniqueId ? [{ type: TlvType.UniqueId, value: uniqueId }] : []),
    ...(tls ? [{ type: TlvType.Tls, value: writeTls(tls) }] : []),
    ...text(TlvType.Namespace, namespace),
  ];
}

function readTls(value: Buffer): ProxyTls {
  if (value.length < TLS_FIXED_BYTES) throw badHeader('its TLS value is too short');
  const client = value.readUInt8(0);
  const inner = decodeTlvs(value.subarray(TLS_FIXED_BYTES));
  const textOf = (type: number): string | undefined => find(inner, type)?.toString('utf8');
  return {
    secure: (client & TlsClient.Secure) !== 0,
    certificate: certificateOf(client),
    verified: certificateOf(client) !== 'none' && value.readUInt32BE(1) === 0,
    version: textOf(TlvType.TlsVersion),
    commonName: textOf(TlvType.TlsCommonName),
    cipher: textOf(TlvType.TlsCipher),
    signature: textOf(TlvType.TlsSignature),
    key: textOf(TlvType.TlsKey),
  };
}

function writeTls(tls: ProxyTls): Buffer {
  const { secure, certificate, verified, version, commonName, cipher, signature, key } = tls;
  const fixed = Buffer.alloc(TLS_FIXED_BYTES);
  const bits =
    (secure ? TlsClient.Secure : 0) |
    (certificate === 'connection' ? TlsClient.CertificateOfConnection : 0) |
    (certificate === 'none' ? 0 : TlsClient.CertificateOfSession);
  fixed.writeUInt8(bits, 0);
  fixed.writeUInt32BE(verified ? 0 : 1, 1);
  const inner = encodeTlvs([
    ...text(TlvType.TlsVersion, version),
    ...text(TlvType.TlsCommonName, commonName),
    ...text(TlvType.TlsCipher, cipher),
    ...text(TlvType.TlsSignature, signature),
    ...text(TlvType.TlsKey, key),
  ]);
  return Buffer.concat([fixed, inner]);
}

/** A certificate shown on this connection is one of the session as well. */
function certificateOf(client: number): ProxyTls['certificate'] {
  if (client & TlsClient.CertificateOfConnection) return 'connection';
  return client & TlsClient.CertificateOfSession ? 'session' : 'none';
}

function find(tlvs: readonly ProxyTlv[], type: number): Buffer | undefined {
  return tlvs.find((each) => each.type === type)?.value;
}

function text(type: number, value: string | undefined): ProxyTlv[] {
  return value === undefined ? [] : [{ type, value: Buffer.from(value) }];
}
