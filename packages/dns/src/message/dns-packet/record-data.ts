// Data of records in the shape of dns-packet. Only for data that was checked by its type; nothing of dns-packet itself runs.
import { usageError } from '../../errors.ts';
import { Name, plainNameEnd } from '../../name.ts';
import { formatType, Type } from '../../numbers.ts';
import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from '../../rdata/address.ts';
import { encodeTypeBitmap, typesIn } from '../../rdata/type-bitmap.ts';
import { typeNumber, typeText } from './mnemonics.ts';

/**
 * How a member is on the wire. `string` is a character-string and `text` the rest, both UTF-8; `octets` are behind an octet
 * of their length and `rest` is the rest; `three` is the protocol of DNSKEY, which has no member.
 */
type Kind =
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'name'
  | 'string'
  | 'text'
  | 'octets'
  | 'rest'
  | 'hex'
  | 'type'
  | 'types'
  | 'three';
type Member = readonly [name: string, kind: Kind];

/** Types whose data is an object. */
const objects: ReadonlyMap<number, readonly Member[]> = new Map([
  [
    Type.SOA,
    members(
      'mname:name rname:name serial:uint32 refresh:uint32 retry:uint32 expire:uint32 minimum:uint32',
    ),
  ],
  [Type.MX, members('preference:uint16 exchange:name')],
  [Type.SRV, members('priority:uint16 weight:uint16 port:uint16 target:name')],
  [Type.HINFO, members('cpu:string os:string')],
  [Type.CAA, members('flags:uint8 tag:string value:text')],
  [
    Type.NAPTR,
    members(
      'order:uint16 preference:uint16 flags:string services:string regexp:string replacement:name',
    ),
  ],
  [Type.RP, members('mbox:name txt:name')],
  [Type.DS, members('keyTag:uint16 algorithm:uint8 digestType:uint8 digest:rest')],
  [Type.DNSKEY, members('flags:uint16 :three algorithm:uint8 key:rest')],
  [
    Type.RRSIG,
    members(
      'typeCovered:type algorithm:uint8 labels:uint8 originalTTL:uint32 expiration:uint32 inception:uint32 keyTag:uint16 signersName:name signature:rest',
    ),
  ],
  [Type.NSEC, members('nextDomain:name rrtypes:types')],
  [
    Type.NSEC3,
    members(
      'algorithm:uint8 flags:uint8 iterations:uint16 salt:octets nextDomain:octets rrtypes:types',
    ),
  ],
  [Type.SSHFP, members('algorithm:uint8 hash:uint8 fingerprint:hex')],
  [Type.TLSA, members('usage:uint8 selector:uint8 matchingType:uint8 certificate:rest')],
]);
/** Members that may be left out, and are 0 then. */
const optional = new Set(
  'preference priority weight port serial refresh retry expire minimum flags order'.split(' '),
);
const nameTypes: ReadonlySet<number> = new Set([Type.NS, Type.CNAME, Type.PTR, Type.DNAME]);

/**
 * What dns-packet would make of `wire`. Octets where it would lose some: text that is not UTF-8, a DNSKEY of another
 * protocol.
 */
export function toPacketData(type: number, wire: Buffer): unknown {
  if (type === Type.A) return formatIPv4(wire);
  if (type === Type.AAAA) return formatIPv6(wire);
  if (nameTypes.has(type)) return nameText(Name.fromWire(wire));
  if (type === Type.TXT) return strings(wire);
  const shape = objects.get(type);
  const data = shape && readObject(shape, wire);
  if (data === undefined) return Buffer.from(wire);
  return type === Type.CAA ? { ...data, issuerCritical: ((wire[0] ?? 0) & 0x80) !== 0 } : data;
}

/**
 * RDATA of `data`, not checked yet. Octets are taken for every type, for TXT as one string.
 * @throws UsageError `HAWSER_DNS_RDATA`, `HAWSER_DNS_NAME`, `HAWSER_DNS_NUMBER`
 */
export function fromPacketData(type: number, data: unknown): Buffer {
  const wire = type === Type.TXT ? txtWire(data) : toWire(type, data);
  if (wire !== undefined) return wire;
  throw usageError('HAWSER_DNS_RDATA', `Cannot use the data of the ${formatType(type)} record`);
}

/**
 * A name as text: octets that are UTF-8 as they are, `\.` and `\\` within a label, `\DDD` for the others. dns-packet gives
 * the same, but for names that it would lose octets of.
 */
export function nameText(name: Name): string {
  return name.isRoot ? '.' : name.labels().map(labelText).join('.');
}

function labelText(label: Buffer): string {
  const text = label.toString('utf8');
  if (!Buffer.from(text).equals(label)) {
    return Array.from(label, (octet) => `\\${String(octet).padStart(3, '0')}`).join('');
  }
  return text.replace(/[.\\]/g, '\\$&');
}

function toWire(type: number, data: unknown): Buffer | undefined {
  if (data instanceof Uint8Array) return Buffer.from(data);
  if (type === Type.A) return typeof data === 'string' ? parseIPv4(data) : undefined;
  if (type === Type.AAAA) return typeof data === 'string' ? parseIPv6(data) : undefined;
  if (nameTypes.has(type)) return typeof data === 'string' ? Name.parse(data).wire : undefined;
  const shape = objects.get(type);
  if (shape === undefined || typeof data !== 'object' || data === null) return undefined;
  return writeObject(shape, data as Readonly<Record<string, unknown>>);
}

function txtWire(data: unknown): Buffer | undefined {
  const parts: Buffer[] = [];
  for (const each of Array.isArray(data) ? (data as unknown[]) : [data]) {
    const octets = typeof each === 'string' ? Buffer.from(each) : each;
    if (!(octets instanceof Uint8Array) || octets.length > 255) return undefined;
    parts.push(Buffer.of(octets.length), Buffer.from(octets));
  }
  return Buffer.concat(parts);
}

function strings(wire: Buffer): Buffer[] {
  const list: Buffer[] = [];
  for (let at = 0; at < wire.length; at += 1 + (wire[at] ?? 0)) {
    list.push(Buffer.from(wire.subarray(at + 1, at + 1 + (wire[at] ?? 0))));
  }
  return list;
}

function readObject(shape: readonly Member[], wire: Buffer): Record<string, unknown> | undefined {
  const data: Record<string, unknown> = {};
  let at = 0;
  for (const [member, kind] of shape) {
    const end = endOf(kind, wire, at);
    const value = readMember(kind, wire, { at, end });
    if (value === undefined) return undefined;
    if (kind !== 'three') data[member] = value;
    at = end;
  }
  return data;
}

function endOf(kind: Kind, wire: Buffer, at: number): number {
  switch (kind) {
    case 'uint8':
    case 'three':
      return at + 1;
    case 'uint16':
    case 'type':
      return at + 2;
    case 'uint32':
      return at + 4;
    case 'name':
      return plainNameEnd(wire, at);
    case 'string':
    case 'octets':
      return at + 1 + (wire[at] ?? 0);
    case 'text':
    case 'rest':
    case 'hex':
    case 'types':
      return wire.length;
  }
}

/** The value, or undefined if the member cannot hold it. */
function readMember(
  kind: Kind,
  wire: Buffer,
  { at, end }: { readonly at: number; readonly end: number },
): unknown {
  switch (kind) {
    case 'uint8':
    case 'uint16':
    case 'uint32':
      return wire.readUIntBE(at, end - at);
    case 'three':
      return wire[at] === 3 ? 3 : undefined;
    case 'type':
      return typeText(wire.readUInt16BE(at));
    case 'types':
      return typesIn(wire, at).map(typeText);
    case 'name':
      return nameText(Name.fromWire(wire, at));
    case 'string':
      return utf8(wire.subarray(at + 1, end));
    case 'text':
      return utf8(wire.subarray(at, end));
    case 'octets':
      return Buffer.from(wire.subarray(at + 1, end));
    case 'rest':
      return Buffer.from(wire.subarray(at, end));
    case 'hex':
      return wire.toString('hex', at, end).toUpperCase();
  }
}

function utf8(octets: Buffer): string | undefined {
  const text = octets.toString('utf8');
  return Buffer.from(text).equals(octets) ? text : undefined;
}

function writeObject(
  shape: readonly Member[],
  data: Readonly<Record<string, unknown>>,
): Buffer | undefined {
  const parts: Uint8Array[] = [];
  for (const [member, kind] of shape) {
    const given = data[member] ?? (optional.has(member) ? 0 : undefined);
    const critical = member === 'flags' && data['issuerCritical'] === true;
    const part = writeMember(kind, critical ? 0x80 | Number(given) : given);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function writeMember(kind: Kind, value: unknown): Uint8Array | undefined {
  switch (kind) {
    case 'uint8':
      return uint(value, 1);
    case 'uint16':
      return uint(value, 2);
    case 'uint32':
      return uint(value, 4);
    case 'three':
      return Uint8Array.of(3);
    case 'type':
      return typeof value === 'string' ? uint(typeNumber(value), 2) : undefined;
    case 'types':
      return Array.isArray(value)
        ? encodeTypeBitmap((value as unknown[]).map((each) => typeNumber(String(each))))
        : undefined;
    case 'name':
      return typeof value === 'string' ? Name.parse(value).wire : undefined;
    case 'string':
      return typeof value === 'string' ? behindLength(Buffer.from(value)) : undefined;
    case 'text':
      return typeof value === 'string' ? Buffer.from(value) : undefined;
    case 'octets':
      return value instanceof Uint8Array ? behindLength(value) : undefined;
    case 'rest':
      return value instanceof Uint8Array ? value : undefined;
    case 'hex':
      return typeof value === 'string' && /^(?:[\da-f]{2})*$/i.test(value)
        ? Buffer.from(value, 'hex')
        : undefined;
  }
}

function behindLength(octets: Uint8Array): Buffer | undefined {
  return octets.length > 255 ? undefined : Buffer.concat([Buffer.of(octets.length), octets]);
}

function uint(value: unknown, bytes: number): Buffer | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined;
  if (value < 0 || value >= 2 ** (8 * bytes)) return undefined;
  const octets = Buffer.alloc(bytes);
  octets.writeUIntBE(value, 0, bytes);
  return octets;
}

function members(text: string): Member[] {
  return text.split(' ').map((each) => each.split(':') as [string, Kind]);
}
