// Saying that something is not there with one record made for the question (RFC 9824): whatever is asked for exists, and has
// nothing of that type.
import type { Denial } from '../contract/answer.ts';
import { MAX_LABEL_BYTES, MAX_NAME_BYTES, Name } from '../name.ts';
import { Type } from '../numbers.ts';
import { checkRdata } from '../rdata/rdata.ts';
import { encodeTypeBitmap } from '../rdata/type-bitmap.ts';
import type { RRset } from '../zone/rrset.ts';

/**
 * What the proof says a name has. `exact`: what the zone said it has. `safe`: besides that whatever hosts often have, but for
 * what was asked for.
 */
export type DenialTypes = 'exact' | 'safe';

/** What to deny. */
export interface CompactDenial {
  readonly kind: Denial['kind'];
  /** {@link Name.key} of the name. */
  readonly key: string;
  /** {@link Name.key} of the zone. */
  readonly originKey: string;
  /** What it has. */
  readonly types: readonly number[];
  /** What it does not have; undefined for an NSEC that is asked for itself. */
  readonly denied: number | undefined;
  /** The name is delegated, and only DS is denied. */
  readonly delegation: boolean;
  readonly style: DenialTypes;
  readonly ttl: number;
}

/** Types of which a resolver that remembers the proof must not conclude that they are missing. */
const common = [
  Type.A,
  Type.MX,
  Type.TXT,
  Type.AAAA,
  Type.LOC,
  Type.SRV,
  Type.NAPTR,
  Type.CERT,
  Type.SSHFP,
  Type.TLSA,
  Type.SMIMEA,
  Type.HIP,
  Type.OPENPGPKEY,
  Type.SVCB,
  Type.HTTPS,
  Type.URI,
  Type.CAA,
];

/** The NSEC that denies (RFC 9824 §3.1 to §3.4). */
export function compactNsec(denial: CompactDenial): RRset {
  const { key, originKey, ttl, delegation } = denial;
  const fits = key.length + 2 <= MAX_NAME_BYTES;
  const next = fits && !delegation ? `\x01\0${key}` : besideSubtree(key, originKey);
  const octets = Buffer.concat([Buffer.from(next, 'latin1'), encodeTypeBitmap(typesOf(denial))]);
  const rdata = checkRdata(Type.NSEC, octets);
  if (rdata === undefined) throw new TypeError('Cannot make a proof');
  return { name: Name.fromOctets(key), type: Type.NSEC, ttl, records: [rdata] };
}

function typesOf({ kind, types, denied, delegation, style }: CompactDenial): Set<number> {
  const own = [Type.RRSIG, Type.NSEC];
  if (kind === 'nxdomain') return new Set([...own, Type.NXNAME]);
  if (delegation) return new Set([...own, Type.NS]);
  const alias = types.includes(Type.CNAME);
  const listed = new Set<number>([...types, ...own]);
  if (style === 'safe' && !alias) for (const type of common) listed.add(type);
  if (denied !== undefined && denied !== Type.RRSIG) listed.delete(denied);
  return listed;
}

/**
 * The next name there could be that is not below this one: a zero octet more in its first label (RFC 9824 §3.4). After the last
 * one of the zone comes the first (RFC 4034 §4.1.1).
 */
function besideSubtree(key: string, originKey: string): string {
  if (key.length <= originKey.length) return originKey;
  const length = key.charCodeAt(0);
  if (length >= MAX_LABEL_BYTES || key.length >= MAX_NAME_BYTES) return incremented(key, originKey);
  return `${String.fromCharCode(length + 1)}${key.slice(1, 1 + length)}\0${key.slice(1 + length)}`;
}

/** A name whose first label sorts later, without what ends in last octets: none that fits is between the two. */
function incremented(key: string, originKey: string): string {
  const length = key.charCodeAt(0);
  let label = key.slice(1, 1 + length);
  while (label.endsWith('\xff')) label = label.slice(0, -1);
  const rest = key.slice(1 + length);
  // The last one below the name above: but there may be others beside that.
  if (label === '') return besideSubtree(rest, originKey);
  const last = label.charCodeAt(label.length - 1) + 1;
  // Letters count in lower case.
  const octet = last >= 0x41 && last <= 0x5a ? 0x5b : last;
  label = `${label.slice(0, -1)}${String.fromCharCode(octet)}`;
  return `${String.fromCharCode(label.length)}${label}${rest}`;
}
