/**
 * Version 2, the binary header (§2.2):
 *
 * ```text
 *   0       12        13               14        16
 *   +--------+---------+----------------+---------+-----------+--------+
 *   | "\r\n…"| 2 | cmd | family | stream|  length | addresses | values |
 *   +--------+---------+----------------+---------+-----------+--------+
 * ```
 */
import { formatIp, isMapped } from '../../../connection/ip-address.ts';
import type { Address } from '../../../contract/address.ts';
import { badHeader } from './bad-header.ts';
import { crc32c } from './crc32c.ts';
import type { ProxyHeader, ProxyTlv } from './header.ts';
import { decodeTlvs, readFacts, TlvType } from './tlv.ts';

export const V2_START: Buffer = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
export const V2_FIXED_BYTES = 16;
export const V2_COMMANDS = ['local', 'proxy'] as const;

/** How addresses are written, by the byte that names family and kind of socket. */
export const V2_FAMILIES: ReadonlyMap<number, V2Family> = new Map<number, V2Family>([
  [0x11, { kind: 'tcp', bytes: 4 }],
  [0x12, { kind: 'udp', bytes: 4 }],
  [0x21, { kind: 'tcp', bytes: 16 }],
  [0x22, { kind: 'udp', bytes: 16 }],
  [0x31, { kind: 'unix', bytes: 108 }],
  [0x32, { kind: 'unix', bytes: 108 }],
]);
const UNSPECIFIED = 0x00;

/** The kind of an address, and the bytes of its host or path. */
export interface V2Family {
  readonly kind: 'tcp' | 'udp' | 'unix';
  readonly bytes: 4 | 16 | 108;
}

/** The header at the start of `head`, and its length; `undefined` if it is not complete. */
export function decodeV2(
  head: Buffer,
  maxBytes: number,
): { header: ProxyHeader; length: number } | undefined {
  if (head.length < V2_FIXED_BYTES) return undefined;
  const versionAndCommand = head.readUInt8(12);
  const command = V2_COMMANDS[versionAndCommand & 0x0f];
  if (versionAndCommand >> 4 !== 2) throw badHeader('its version is not 2');
  if (!command) throw badHeader('its command is unknown');
  const length = V2_FIXED_BYTES + head.readUInt16BE(14);
  if (length > maxBytes) throw badHeader(`it has more than ${maxBytes} bytes: ${length}`);
  if (head.length < length) return undefined;
  // A copy: facts outlive the chunk, and must not keep it.
  const whole = Buffer.from(head.subarray(0, length));
  return { header: { version: 2, command, ...readBody(whole, command) }, length };
}

type Body = Omit<ProxyHeader, 'version' | 'command'>;

function readBody(whole: Buffer, command: ProxyHeader['command']): Body {
  // Of a local connection everything is to be ignored, even a family that nobody knows (§2.2).
  if (command === 'local') return { tlvs: [] };
  const familyByte = whole.readUInt8(13);
  // Nobody knows where its values begin.
  if (familyByte === UNSPECIFIED) return { tlvs: [] };
  const family = V2_FAMILIES.get(familyByte);
  if (!family) throw badHeader('its family is unknown');
  const addressBytes = family.bytes * 2 + (family.kind === 'unix' ? 0 : 4);
  const start = V2_FIXED_BYTES + addressBytes;
  if (start > whole.length) throw badHeader('its addresses are cut off');
  const tlvs = decodeTlvs(whole.subarray(start));
  checkSum(whole, tlvs);
  const kept = tlvs.filter(({ type }) => type !== TlvType.Crc32c && type !== TlvType.Noop);
  return {
    source: readAddress(whole, family, 0),
    destination: readAddress(whole, family, 1),
    ...readFacts(kept),
    tlvs: kept,
  };
}

function readAddress(whole: Buffer, { kind, bytes }: V2Family, which: 0 | 1): Address {
  const at = V2_FIXED_BYTES + which * bytes;
  const host = whole.subarray(at, at + bytes);
  if (kind === 'unix') {
    // An abstract name begins with a zero byte; every other path ends before the first.
    const end = host.indexOf(0, 1);
    const path = host.toString('latin1', 0, end < 0 ? bytes : end);
    return { kind, path: path === '\0' ? '' : path };
  }
  const port = whole.readUInt16BE(V2_FIXED_BYTES + bytes * 2 + which * 2);
  const ip = isMapped(host) ? host.subarray(12) : host;
  return { kind, host: formatIp(ip), port, family: ip.length === 4 ? 4 : 6 };
}

/** The sum is made with zeros in the place of the sum (§2.2.3). */
function checkSum(whole: Buffer, tlvs: readonly ProxyTlv[]): void {
  const sum = tlvs.find(({ type }) => type === TlvType.Crc32c)?.value;
  if (!sum) return;
  if (sum.length !== 4) throw badHeader('its checksum has not four bytes');
  const claimed = sum.readUInt32BE(0);
  const zeroed = Buffer.from(whole);
  zeroed.fill(0, sum.byteOffset - whole.byteOffset, sum.byteOffset - whole.byteOffset + 4);
  if (crc32c(zeroed) !== claimed) throw badHeader('its checksum is wrong');
}
