// Values to RDATA. Everything is checked here, when data is stored, so that answering cannot fail.
import * as codecs from 'dns-packet';
import { usageError } from '../errors.ts';
import { Name } from '../name.ts';
import { formatType, isMetaType, Type } from '../numbers.ts';
import { parseIPv4, parseIPv6 } from './address.ts';
import { checkRdata, type Rdata } from './rdata.ts';
import type { CaaValue, MxValue, RecordValue, SoaValue, SrvValue } from './value.ts';

/**
 * The data of a record of `type`.
 * @throws UsageError `HAWSER_DNS_RDATA` if `value` does not fit the type, `HAWSER_DNS_NAME` for a bad name in it
 */
export function encodeRdata(type: number, value: RecordValue): Rdata {
  const wire = isMetaType(type) ? undefined : toWire(type, value);
  const rdata = wire && checkRdata(type, wire);
  if (rdata === undefined) {
    const shown = value instanceof Uint8Array ? `${value.length} octets` : JSON.stringify(value);
    throw usageError(
      'HAWSER_DNS_RDATA',
      `Cannot use ${shown.slice(0, 200)} as ${formatType(type)} data`,
    );
  }
  return rdata;
}

function toWire(type: number, value: RecordValue): Buffer | undefined {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (typeof value === 'string' && value.startsWith('\\# ')) return genericWire(value);
  switch (type) {
    case Type.A:
      return typeof value === 'string' ? parseIPv4(value) : undefined;
    case Type.AAAA:
      return typeof value === 'string' ? parseIPv6(value) : undefined;
    case Type.NS:
    case Type.CNAME:
    case Type.PTR:
    case Type.DNAME:
      return typeof value === 'string' && value !== '' ? Name.parse(value).wire : undefined;
    case Type.TXT:
      return txtWire(value);
    case Type.MX:
      return mxWire(typeof value === 'string' ? parseMx(value) : value);
    case Type.SRV:
      return srvWire(typeof value === 'string' ? parseSrv(value) : value);
    case Type.CAA:
      return caaWire(typeof value === 'string' ? parseCaa(value) : value);
    case Type.SOA:
      return soaWire(value);
    default:
      return undefined;
  }
}

/** `\# length hex` (RFC 3597 §5); blanks may stand between the digits. */
function genericWire(text: string): Buffer | undefined {
  const match = /^\\# (\d{1,5})((?:\s+[\da-f]+)*)$/i.exec(text);
  if (match === null) return undefined;
  const digits = (match[2] ?? '').replace(/\s+/g, '');
  return digits.length === 2 * Number(match[1]) ? Buffer.from(digits, 'hex') : undefined;
}

function txtWire(value: RecordValue): Buffer | undefined {
  const strings: unknown = typeof value === 'string' ? [value] : value;
  if (!Array.isArray(strings) || strings.length === 0) return undefined;
  const octets: Buffer[] = [];
  for (const text of strings as unknown[]) {
    // The codec would let the length octet wrap around; nobody splits what the caller did not split.
    if (typeof text !== 'string' || Buffer.byteLength(text) > 255) return undefined;
    octets.push(Buffer.from(text));
  }
  return codecs.txt.encode(octets).subarray(2);
}

function mxWire(value: RecordValue | undefined): Buffer | undefined {
  const { preference, exchange } = (value ?? {}) as Partial<MxValue>;
  if (!isInt(preference, 0xffff) || typeof exchange !== 'string') return undefined;
  return Buffer.concat([uint16s(preference), Name.parse(exchange).wire]);
}

function srvWire(value: RecordValue | undefined): Buffer | undefined {
  const { priority, weight, port, target } = (value ?? {}) as Partial<SrvValue>;
  if (!isInt(priority, 0xffff) || !isInt(weight, 0xffff) || !isInt(port, 0xffff)) return undefined;
  if (typeof target !== 'string') return undefined;
  return Buffer.concat([uint16s(priority, weight, port), Name.parse(target).wire]);
}

function caaWire(value: RecordValue | undefined): Buffer | undefined {
  const { flags = 0, tag, value: text } = (value ?? {}) as Partial<CaaValue>;
  if (!isInt(flags, 255) || typeof tag !== 'string' || typeof text !== 'string') return undefined;
  if (!/^[\da-z]{1,255}$/i.test(tag)) return undefined;
  return codecs.caa.encode({ flags, tag, value: text }).subarray(2);
}

function soaWire(value: RecordValue): Buffer | undefined {
  const { mname, rname, serial, refresh, retry, expire, minimum } = value as Partial<SoaValue>;
  const numbers = [serial, refresh, retry, expire, minimum];
  if (typeof mname !== 'string' || typeof rname !== 'string') return undefined;
  const tail = Buffer.alloc(20);
  for (const [index, number] of numbers.entries()) {
    if (!isInt(number, 0xffff_ffff)) return undefined;
    tail.writeUInt32BE(number, index * 4);
  }
  return Buffer.concat([Name.parse(mname).wire, Name.parse(rname).wire, tail]);
}

function parseMx(text: string): MxValue | undefined {
  const match = /^(\d{1,5})\s+(\S+)$/.exec(text);
  return match ? { preference: Number(match[1]), exchange: match[2] ?? '' } : undefined;
}

function parseSrv(text: string): SrvValue | undefined {
  const match = /^(\d{1,5})\s+(\d{1,5})\s+(\d{1,5})\s+(\S+)$/.exec(text);
  if (match === null) return undefined;
  const [priority, weight, port] = match.slice(1, 4).map(Number) as [number, number, number];
  return { priority, weight, port, target: match[4] ?? '' };
}

function parseCaa(text: string): CaaValue | undefined {
  const match = /^(\d{1,3})\s+([\da-z]+)\s+(?:"([^"]*)"|(\S+))$/i.exec(text);
  if (match === null) return undefined;
  return { flags: Number(match[1]), tag: match[2] ?? '', value: match[3] ?? match[4] ?? '' };
}

function isInt(value: unknown, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max;
}

function uint16s(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2);
  return bytes;
}
