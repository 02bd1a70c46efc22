// RDATA to values, for people and JSON. Only for data that `checkRdata` let through and that is cut out of its message.
import * as codecs from 'dns-packet';
import { Name, plainNameEnd } from '../name.ts';
import { Type } from '../numbers.ts';
import { formatIPv4, formatIPv6 } from './address.ts';
import type { Rdata } from './rdata.ts';
import type { CaaValue, RecordValue, SoaValue } from './value.ts';

/** The value that {@link encodeRdata} would make `rdata` of again. TXT octets that are no UTF-8 do not survive as text. */
export function decodeRdata(type: number, rdata: Rdata): RecordValue {
  const { wire } = rdata;
  switch (type) {
    case Type.A:
      return formatIPv4(wire);
    case Type.AAAA:
      return formatIPv6(wire);
    case Type.NS:
    case Type.CNAME:
    case Type.PTR:
    case Type.DNAME:
      return nameAt(wire, 0);
    case Type.MX:
      return { preference: wire.readUInt16BE(0), exchange: nameAt(wire, 2) };
    case Type.SRV:
      return {
        priority: wire.readUInt16BE(0),
        weight: wire.readUInt16BE(2),
        port: wire.readUInt16BE(4),
        target: nameAt(wire, 6),
      };
    case Type.TXT:
      return decodeTxt(wire);
    case Type.CAA:
      return decodeCaa(wire);
    case Type.SOA:
      return decodeSoa(wire);
    default:
      return `\\# ${wire.length} ${wire.toString('hex')}`.trimEnd();
  }
}

/** The fields of a start of authority. */
export function decodeSoa(wire: Buffer): SoaValue {
  const second = plainNameEnd(wire, 0);
  const tail = plainNameEnd(wire, second);
  return {
    mname: nameAt(wire, 0),
    rname: nameAt(wire, second),
    serial: wire.readUInt32BE(tail),
    refresh: wire.readUInt32BE(tail + 4),
    retry: wire.readUInt32BE(tail + 8),
    expire: wire.readUInt32BE(tail + 12),
    minimum: wire.readUInt32BE(tail + 16),
  };
}

function decodeTxt(wire: Buffer): string | string[] {
  const strings = codecs.txt.decode(withLength(wire)).map((octets) => octets.toString());
  return strings.length === 1 ? (strings[0] ?? '') : strings;
}

function decodeCaa(wire: Buffer): CaaValue {
  const { tag, value } = codecs.caa.decode(withLength(wire));
  return { flags: wire[0] ?? 0, tag, value };
}

/** The codecs read a length first; it is ours, so it is right. */
function withLength(wire: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(wire.length + 2);
  framed.writeUInt16BE(wire.length, 0);
  wire.copy(framed, 2);
  return framed;
}

function nameAt(wire: Buffer, offset: number): string {
  return Name.fromWire(wire, offset).toString();
}
