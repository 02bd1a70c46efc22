// What a zone holds, as text: to be compared without the code that is on trial.
import { type DnsRecord, type RRset, Type, type Zone } from '@hawser/dns';

/** A record a line. */
export type Content = ReadonlySet<string>;

const contents = new WeakMap<Zone, Content>();

export function contentOf(zone: Zone): Content {
  let content = contents.get(zone);
  if (content === undefined) {
    content = linesOf(zone.rrsets());
    contents.set(zone, content);
  }
  return content;
}

export function linesOf(rrsets: Iterable<RRset>): Set<string> {
  const lines = new Set<string>();
  for (const { name, type, ttl, records } of rrsets)
    for (const { wire } of records) lines.add(lineOf(name.key, type, { ttl, wire }));
  return lines;
}

/** The line of a record that came over the network. */
export function lineOfRecord({ name, type, ttl, rdata }: DnsRecord): string {
  return lineOf(name.key, type, { ttl, wire: rdata?.wire ?? Buffer.alloc(0) });
}

export function isSame(one: Content, other: Content): boolean {
  if (one.size !== other.size) return false;
  for (const line of one) if (!other.has(line)) return false;
  return true;
}

/** The TTL of a signature is that of what it signs, wherever it is written. */
function lineOf(key: string, type: number, data: { ttl: number; wire: Buffer }): string {
  const ttl = type === Type.RRSIG ? '' : data.ttl;
  return `${key} ${type} ${ttl} ${data.wire.toString('latin1')}`;
}
