// Zone data as text that people read and name servers load (RFC 1035 §5).
import type { Name } from '../name.ts';
import { formatType, Type } from '../numbers.ts';
import { decodeSoa } from '../rdata/decode-rdata.ts';
import { nameText } from '../rdata/name-field.ts';
import type { Rdata } from '../rdata/rdata.ts';
import { rdataToText } from '../rdata/rdata-text.ts';
import { withOwnTtls } from '../transfer/signature-ttl.ts';
import { MAX_TTL, type RRset } from '../zone/rrset.ts';
import { Zone } from '../zone/zone.ts';

/** Options for {@link formatZone}. */
export interface FormatZoneOptions {
  /** Name of the zone: names below it are written relative to it. */
  readonly origin: Name;
}

/** Owner names are given this much room; longer ones push their line to the right. */
const OWNER_COLUMN = 24;
const TTL_COLUMN = 8;
const TYPE_COLUMN = 10;

/**
 * A whole zone as a zone file: in canonical order (RFC 4034 §6), the SOA first, names relative to the origin, every record
 * with its TTL. What {@link parseZone} reads from it is the same zone.
 */
export function formatZone(zone: Zone): string;
/** RRsets as a zone file. */
export function formatZone(rrsets: Iterable<RRset>, options: FormatZoneOptions): string;
export function formatZone(content: Zone | Iterable<RRset>, options?: FormatZoneOptions): string {
  return [...zoneLines(content, options)].join('');
}

/** The same piece by piece, each with its line ends, for zones too large for one string. */
export function* zoneLines(
  content: Zone | Iterable<RRset>,
  options?: FormatZoneOptions,
): Generator<string, void, undefined> {
  if (content instanceof Zone) {
    yield `$ORIGIN ${nameText(content.origin, undefined)}\n`;
    for (const { list } of content.ordered()) {
      for (const rrset of [...list].sort(byType)) yield formatRRset(rrset, content.origin);
    }
    return;
  }
  const origin = options?.origin;
  if (origin !== undefined) yield `$ORIGIN ${nameText(origin, undefined)}\n`;
  const sorted = [...content].map((rrset) => ({ rrset, order: rrset.name.sortKey() }));
  sorted.sort((one, other) => one.order.compare(other.order) || byType(one.rrset, other.rrset));
  for (const { rrset } of sorted) yield formatRRset(rrset, origin);
}

/** The records of one RRset, a line each, with their line ends; names relative to `origin`, if there is one. */
export function formatRRset(rrset: RRset, origin?: Name): string {
  return withOwnTtls(rrset)
    .map((each) => formatRecords(each, origin))
    .join('');
}

/** The TTL in a signature may be one that means zero (RFC 2181 §8). */
function formatRecords({ name, type, ttl, records }: RRset, origin: Name | undefined): string {
  const owner = nameText(name, origin);
  const head = `${owner.padEnd(OWNER_COLUMN)} ${String(ttl > MAX_TTL ? 0 : ttl).padEnd(TTL_COLUMN)} IN  ${formatType(type).padEnd(TYPE_COLUMN)} `;
  const sorted = [...records].sort((one, other) => one.wire.compare(other.wire));
  const lines = sorted.map((rdata) => {
    const text = type === Type.SOA ? formatSoa(rdata, origin) : rdataToText(type, rdata, origin);
    return `${head}${text}\n`;
  });
  return lines.join('');
}

function formatSoa(rdata: Rdata, origin: Name | undefined): string {
  const { serial, refresh, retry, expire, minimum } = decodeSoa(rdata.wire);
  const [mname, rname] = rdataToText(Type.SOA, rdata, origin).split(' ');
  const indent = ' '.repeat(OWNER_COLUMN + 1);
  const fields = Object.entries({ serial, refresh, retry, expire, minimum });
  const lines = fields.map(
    ([name, value], index) =>
      `${indent}${String(value).padEnd(10)} ${index === fields.length - 1 ? ')' : ' '} ; ${name}`,
  );
  return [`${mname} ${rname} (`, ...lines].join('\n');
}

/** The start of authority first, then the servers, then by number. */
function byType(one: RRset, other: RRset): number {
  return rank(one.type) - rank(other.type);
}

function rank(type: number): number {
  if (type === Type.SOA) return -2;
  return type === Type.NS ? -1 : type;
}
