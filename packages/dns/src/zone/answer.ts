// What a zone says to a question: the algorithm of RFC 1034 §4.3.2, made exact by RFC 2308, 4592, 6604, 6672, 8020 and 8482.
import { type Answer, type AnswerEntry, answerWith } from '../contract/answer.ts';
import { MAX_NAME_BYTES, Name } from '../name.ts';
import { Rcode, Type } from '../numbers.ts';
import { checkRdata, type Rdata } from '../rdata/rdata.ts';
import { findNode } from './find-node.ts';
import type { RRset } from './rrset.ts';
import type { Zone } from './zone.ts';
import type { ZoneNode } from './zone-node.ts';

/** Most aliases followed for one question. */
export const MAX_CHAIN = 16;
/** Targets whose addresses are looked for. */
const MAX_TARGETS = 32;

const nothing: readonly AnswerEntry[] = [];

/** What `zone` says about the name with this {@link Name.key}, which must be in it, and the type. */
export function answerFrom(
  zone: Zone,
  question: { readonly key: string; readonly type: number },
): Answer {
  const { type } = question;
  const chain: AnswerEntry[] = [];
  const seen = new Set<string>();
  let key = question.key;
  let owner: Name | 'question' = 'question';
  for (;;) {
    const found = findNode(zone, key, type);
    if (found.at === 'cut') return referral(zone, chain, found.servers);
    let alias: RRset;
    if (found.at === 'dname') {
      // Two names of one chain may pass the same DNAME; no record comes twice (RFC 2181 §5).
      if (!chain.some(({ rrset }) => rrset === found.rrset)) chain.push({ rrset: found.rrset });
      const substitute = substituteAlias(key, found.rrset);
      if (substitute === undefined) return answered(chain, Rcode.YXDomain);
      alias = substitute;
      chain.push({ rrset: alias, owner });
      if (type === Type.CNAME || growsForever(found.rrset)) return answered(chain);
    } else {
      const node = found.at === 'node' ? found.node : wildcardBelow(zone, found.encloser);
      if (node === undefined) return negative(zone, chain, Rcode.NXDomain);
      const cname = node.rrsets.get(Type.CNAME);
      if (cname === undefined || answersItself(type)) {
        const rrset = type === Type.ANY ? smallest(node) : node.rrsets.get(type);
        if (rrset === undefined) return negative(zone, chain, Rcode.NoError);
        chain.push({ rrset, owner });
        return { ...answered(chain), additional: addresses(zone, rrset) };
      }
      alias = cname;
      chain.push({ rrset: alias, owner });
    }
    seen.add(key);
    const target = alias.records[0]?.target;
    if (target === undefined || !target.isSubdomainOf(zone.origin)) return answered(chain);
    // A loop, or a chain nobody needs: stop with what there is.
    if (seen.has(target.key) || seen.size > MAX_CHAIN) return answered(chain);
    key = target.key;
    owner = target;
  }
}

/** Types asked of an alias itself rather than of what it stands for. */
function answersItself(type: number): boolean {
  return type === Type.CNAME || type === Type.ANY || type === Type.NSEC || type === Type.RRSIG;
}

function answered(answer: readonly AnswerEntry[], rcode: number = Rcode.NoError): Answer {
  return answerWith(rcode, { authoritative: true, answer });
}

/** The code is that of the last name of the chain (RFC 6604 §3). */
function negative(zone: Zone, answer: readonly AnswerEntry[], rcode: number): Answer {
  return { ...answered(answer, rcode), authority: [{ rrset: zone.soa, ttl: zone.negativeTtl }] };
}

function referral(zone: Zone, chain: readonly AnswerEntry[], servers: RRset): Answer {
  return answerWith(Rcode.NoError, {
    // AA is about the first owner in the answer section (RFC 1035 §4.1.1).
    authoritative: chain.length > 0,
    answer: chain,
    authority: [{ rrset: servers }],
    glue: addressesOf(zone, servers.records, (target) => zone.node(target.key)),
  });
}

function wildcardBelow(zone: Zone, encloser: ZoneNode): ZoneNode | undefined {
  return zone.node(`\x01*${encloser.name.key}`);
}

/** One RRset is answer enough to "anything" (RFC 8482 §4.1). */
function smallest(node: ZoneNode): RRset | undefined {
  let best: RRset | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const rrset of node.rrsets.values()) {
    const size = rrset.records.reduce((sum, rdata) => sum + rdata.wire.length, 0);
    if (size < least) [best, least] = [rrset, size];
  }
  return best;
}

/** A DNAME to a name below itself leads to longer and longer names, each as good an answer as the first. */
function growsForever(dname: RRset): boolean {
  return dname.records[0]?.target?.isSubdomainOf(dname.name) ?? false;
}

/** The CNAME a DNAME stands for (RFC 6672 §3.1), or undefined if the name would be too long. */
function substituteAlias(key: string, dname: RRset): RRset | undefined {
  const target = dname.records[0]?.target;
  if (target === undefined) return undefined;
  const prefix = key.slice(0, key.length - dname.name.key.length);
  const wire = Buffer.concat([Buffer.from(prefix, 'latin1'), target.wire]);
  const rdata = wire.length <= MAX_NAME_BYTES ? checkRdata(Type.CNAME, wire) : undefined;
  if (rdata === undefined) return undefined;
  return {
    name: Name.fromWire(Buffer.from(key, 'latin1')),
    type: Type.CNAME,
    ttl: dname.ttl,
    records: [rdata],
  };
}

/** Addresses of what NS, MX and SRV records point to, where the zone has them and nothing hides them. */
function addresses(zone: Zone, rrset: RRset): readonly AnswerEntry[] {
  if (rrset.type !== Type.NS && rrset.type !== Type.MX && rrset.type !== Type.SRV) return nothing;
  return addressesOf(zone, rrset.records.slice(0, MAX_TARGETS), (target) => {
    const found = findNode(zone, target.key, Type.A);
    return found.at === 'node' ? found.node : undefined;
  });
}

function addressesOf(
  zone: Zone,
  records: readonly Rdata[],
  nodeOf: (target: Name) => ZoneNode | undefined,
): AnswerEntry[] {
  const entries: AnswerEntry[] = [];
  const seen = new Set<string>();
  for (const { target } of records) {
    if (target === undefined || seen.has(target.key) || !target.isSubdomainOf(zone.origin))
      continue;
    seen.add(target.key);
    const rrsets = nodeOf(target)?.rrsets;
    for (const type of [Type.A, Type.AAAA]) {
      const rrset = rrsets?.get(type);
      if (rrset !== undefined) entries.push({ rrset });
    }
  }
  return entries;
}
