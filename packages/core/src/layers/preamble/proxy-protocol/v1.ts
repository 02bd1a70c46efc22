/** Version 1, the readable line (§2.1): `PROXY TCP4 192.0.2.1 198.51.100.1 5555 443\r\n`. */
import { formatIp, parseIp } from '../../../connection/ip-address.ts';
import { ipFamily } from '../../../connection/ip-literal.ts';
import type { InetAddress } from '../../../contract/address.ts';
import { badHeader } from './bad-header.ts';
import type { ProxyHeader } from './header.ts';

export const V1_START: Buffer = Buffer.from('PROXY ');
/** The longest line, with its CR LF. */
const V1_MAX_BYTES = 107;

/** The header at the start of `head`, and its length; `undefined` if it is not complete. */
export function parseV1(head: Buffer): { header: ProxyHeader; length: number } | undefined {
  const end = head.subarray(0, V1_MAX_BYTES).indexOf('\r\n');
  if (end < 0) {
    if (head.length >= V1_MAX_BYTES)
      throw badHeader(`its line has more than ${V1_MAX_BYTES} bytes`);
    return undefined;
  }
  return { header: parseLine(head.toString('latin1', 0, end)), length: end + 2 };
}

/** A line for two addresses of one family; without both, or with other ones, it says the client is unknown. */
export function formatV1(source?: InetAddress, destination?: InetAddress): string {
  if (!source || !destination || source.family !== destination.family) return 'PROXY UNKNOWN\r\n';
  const hosts = `${source.host} ${destination.host}`;
  return `PROXY TCP${source.family} ${hosts} ${source.port} ${destination.port}\r\n`;
}

function parseLine(line: string): ProxyHeader {
  const fields = line.split(' ');
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = ''] = fields;
  // What follows UNKNOWN is for people.
  if (family === 'UNKNOWN') return { version: 1, command: 'proxy', tlvs: [] };
  if (family !== 'TCP4' && family !== 'TCP6') throw badHeader('its family is unknown');
  if (fields.length !== 6) throw badHeader('its line has not six fields');
  const ends = family === 'TCP4' ? 4 : 6;
  return {
    version: 1,
    command: 'proxy',
    source: parseEnd(source, sourcePort, ends),
    destination: parseEnd(destination, destinationPort, ends),
    tlvs: [],
  };
}

function parseEnd(host: string, port: string, family: 4 | 6): InetAddress {
  const ip = host.includes('%') ? undefined : parseIp(host);
  if (!ip || ipFamily(host) !== family) throw badHeader(`an address is not of IPv${family}`);
  if (!/^(?:0|[1-9]\d{0,4})$/.test(port) || Number(port) > 65_535) {
    throw badHeader('a port is not a number up to 65535');
  }
  return {
    kind: 'tcp',
    host: formatIp(ip),
    port: Number(port),
    family: ip.length === 4 ? 4 : 6,
  };
}
