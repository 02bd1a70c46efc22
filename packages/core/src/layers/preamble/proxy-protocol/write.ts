import { formatIp, parseIp } from '../../../connection/ip-address.ts';
import type { Address, InetAddress } from '../../../contract/address.ts';
import { crc32c } from './crc32c.ts';
import type { ProxyFacts, ProxyTlv } from './header.ts';
import { encodeTlvs, TlvType, writeFacts } from './tlv.ts';
import { formatV1 } from './v1.ts';
import { V2_COMMANDS, V2_FAMILIES, V2_FIXED_BYTES, V2_START, type V2Family } from './v2.ts';

/** What to write into a header. Without `source` or `destination` it says the connection is the proxy's own. */
export interface ProxyHeaderParts extends ProxyFacts {
  /** @defaultValue 2 */
  readonly version?: 1 | 2 | undefined;
  readonly source?: Address | undefined;
  readonly destination?: Address | undefined;
  /** More values, as they are. */
  readonly tlvs?: readonly ProxyTlv[] | undefined;
  /** Add a CRC32c checksum. Version 2 only. @defaultValue false */
  readonly checksum?: boolean | undefined;
}

const MAX_BODY_BYTES = 0xffff;

/**
 * A PROXY header. Version 1 has only IP addresses: the others become `UNKNOWN`, which is also what it says of a
 * connection of the proxy's own. Version 2 writes an IPv4 address next to an IPv6 one as a mapped one.
 *
 * @throws RangeError if version 1 is to have values, an address is none, a Unix path is longer than 108 bytes,
 * addresses of different kinds are mixed or the whole is longer than 65,551 bytes
 */
export function encodeProxyHeader(parts: ProxyHeaderParts = {}): Buffer {
  const { version = 2, source, destination, tlvs = [], checksum = false, ...facts } = parts;
  const values = [...writeFacts(facts), ...tlvs];
  if (version === 1) {
    if (values.length > 0 || checksum) throw cannot('version 1 has addresses only', values.length);
    return Buffer.from(formatV1(inet(source), inet(destination)), 'latin1');
  }
  if (checksum) values.unshift({ type: TlvType.Crc32c, value: Buffer.alloc(4) });
  const ends = source && destination ? addresses(source, destination) : undefined;
  const body = Buffer.concat([ends?.bytes ?? Buffer.alloc(0), encodeTlvs(values)]);
  if (body.length > MAX_BODY_BYTES) {
    throw cannot(`it has at most ${MAX_BODY_BYTES} bytes of addresses and values`, body.length);
  }
  const fixed = Buffer.alloc(V2_FIXED_BYTES);
  V2_START.copy(fixed);
  fixed.writeUInt8(0x20 | V2_COMMANDS.indexOf(ends ? 'proxy' : 'local'), 12);
  fixed.writeUInt8(ends?.family ?? 0, 13);
  fixed.writeUInt16BE(body.length, 14);
  const header = Buffer.concat([fixed, body]);
  // The sum is the first value.
  const sumAt = V2_FIXED_BYTES + (ends?.bytes.length ?? 0) + 3;
  if (checksum) header.writeUInt32BE(crc32c(header), sumAt);
  return header;
}

function addresses(source: Address, destination: Address): { family: number; bytes: Buffer } {
  const family = familyOf(source, destination);
  const code = [...V2_FAMILIES].find(([, each]) => each === family)?.[0] ?? 0;
  const ends = [source, destination];
  const ports = Buffer.alloc(family.kind === 'unix' ? 0 : 4);
  ends.forEach((end, at) => {
    if ('port' in end) ports.writeUInt16BE(end.port, at * 2);
  });
  const hosts = ends.map((end) => writeHost(end, family.bytes));
  return { family: code, bytes: Buffer.concat([...hosts, ports]) };
}

function familyOf(source: Address, destination: Address): V2Family {
  const { kind } = source;
  const bytes = [source, destination].some((end) => 'host' in end && end.family === 6) ? 16 : 4;
  for (const family of V2_FAMILIES.values()) {
    if (kind !== destination.kind || kind !== family.kind) continue;
    if (kind === 'unix' || family.bytes === bytes) return family;
  }
  throw cannot('both ends must be TCP, UDP or Unix addresses', `${kind}, ${destination.kind}`);
}

function writeHost(end: Address, bytes: V2Family['bytes']): Buffer {
  const host = Buffer.alloc(bytes);
  if ('path' in end) {
    if (Buffer.byteLength(end.path, 'latin1') > bytes) {
      throw cannot(`a path has at most ${bytes} bytes`, end.path);
    }
    host.write(end.path, 'latin1');
    return host;
  }
  const text = 'host' in end ? end.host : '';
  const ip = parseIp(text);
  if (!ip) throw cannot('the host must be an IP address', text);
  host.set(ip, bytes - ip.length);
  if (ip.length < bytes) host.fill(0xff, 10, 12);
  return host;
}

/** The address as version 1 writes it. */
function inet(address: Address | undefined): InetAddress | undefined {
  if (address?.kind !== 'tcp') return undefined;
  const ip = parseIp(address.host);
  if (!ip) throw cannot('the host must be an IP address', address.host);
  return { ...address, host: formatIp(ip), family: ip.length === 4 ? 4 : 6 };
}

function cannot(rule: string, value: unknown): RangeError {
  return new RangeError(`Cannot write a PROXY header as ${rule}: ${String(value)}`);
}
