// What a zone says to a question: the algorithm of RFC 1034 §4.3.2, made exact by RFC 2308, 4035, 4592, 6604, 6672, 8020
// and 8482.
import { type Answer, type AnswerEntry, answerWith, type Denial } from '../contract/answer.ts';
import type { Name } from '../name.ts';
import { Rcode, Type } from '../numbers.ts';
import {
  additionalData,
  type DelegationAddresses,
  delegationAddresses,
  hasAdditional,
} from './additional-data.ts';
import type { DenialProof } from './denial-proof.ts';
import { growsForever, substituteAlias } from './dname.ts';
import { type Found, findNode, wildcardBelow } from './find-node.ts';
import { measureRecords } from './packed-rrset.ts';
import type { RRset } from './rrset.ts';
import { signaturesOver } from './signatures.ts';
import type { Zone } from './zone.ts';
import type { ZoneNode } from './zone-node.ts';

/** Most aliases followed for one question. */
export const MAX_CHAIN = 16;

/** Servers of a delegation that may be too many for a datagram: then nobody needs their addresses. */
const MANY_SERVERS = 64;

/** What a zone is asked. */
export interface ZoneQuestion {
  /** `Name.key` of the name asked for, which must be in the zone. */
  readonly key: string;
  readonly type: number;
  /** Adds the signatures and proofs the zone holds (RFC 4035 §3.1). @defaultValue false */
  readonly dnssecOk?: boolean | undefined;
}

/** What `zone` says to `question`. */
export function answerFrom(zone: Zone, question: ZoneQuestion): Answer {
  return new AnswerDraft(zone, question).finish();
}

const nothing: readonly AnswerEntry[] = [];
const noTypes: readonly number[] = [];

class AnswerDraft {
  readonly #zone: Zone;
  readonly #type: number;
  readonly #dnssecOk: boolean;
  /** How the zone proves denials to those who want that. */
  readonly #proof: DenialProof | undefined;
  readonly #answer: AnswerEntry[] = [];
  readonly #authority: AnswerEntry[] = [];
  /** The name whose turn it is. */
  #key: string;
  #owner: Name | 'question' = 'question';

  constructor(zone: Zone, { key, type, dnssecOk = false }: ZoneQuestion) {
    this.#zone = zone;
    this.#key = key;
    this.#type = type;
    this.#dnssecOk = dnssecOk;
    this.#proof = dnssecOk ? zone.denialProof : undefined;
  }

  finish(): Answer {
    let seen: Set<string> | undefined;
    for (;;) {
      const found = findNode(this.#zone, this.#key, this.#type);
      if (found.at === 'cut') return this.#referral(found.node, found.servers);
      const alias = found.at === 'dname' ? this.#redirect(found) : this.#look(found);
      if (!isRRset(alias)) return alias;
      const target = alias.records[0]?.target;
      if (target === undefined || !target.isSubdomainOf(this.#zone.origin)) return this.#answered();
      seen ??= new Set();
      seen.add(this.#key);
      // A loop, or a chain nobody needs: stop with what there is.
      if (seen.has(target.key) || seen.size > MAX_CHAIN) return this.#answered();
      this.#key = target.key;
      this.#owner = target;
    }
  }

  /** The alias a DNAME makes of the name, or the answer if it ends here. */
  #redirect({ node, rrset }: Found & { at: 'dname' }): RRset | Answer {
    // Two names of one chain may pass the same DNAME; no record comes twice (RFC 2181 §5).
    if (!this.#answer.some((entry) => entry.rrset === rrset)) this.#add(this.#answer, node, rrset);
    const alias = substituteAlias(this.#key, rrset);
    if (alias === undefined) return this.#answered(Rcode.YXDomain);
    this.#answer.push({ rrset: alias, owner: this.#owner });
    return this.#type === Type.CNAME || growsForever(rrset) ? this.#answered() : alias;
  }

  /** The alias at the name, or the answer. */
  #look(found: Found & { at: 'node' | 'nothing' }): RRset | Answer {
    const wildcard = found.at === 'nothing';
    const node = wildcard ? wildcardBelow(this.#zone, found.encloser) : found.node;
    if (wildcard && node === undefined) this.#prove(this.#proof?.noName(this.#key, found.encloser));
    if (node === undefined) return this.#negative(Rcode.NXDomain, 'nxdomain', undefined);
    const alias = answersItself(this.#type) ? undefined : node.get(Type.CNAME);
    const rrset = alias ?? (this.#type === Type.ANY ? smallest(node) : node.get(this.#type));
    if (rrset === undefined) {
      this.#prove(
        wildcard
          ? this.#proof?.noTypeOfWildcard(this.#key, found.encloser, node)
          : this.#proof?.noType(node),
      );
      return this.#negative(Rcode.NoError, 'nodata', node);
    }
    // That the name itself does not exist is part of it (RFC 4035 §3.1.3.3).
    if (wildcard) this.#prove(this.#proof?.onlyWildcard(this.#key, found.encloser));
    this.#add(this.#answer, node, rrset, this.#owner);
    if (alias !== undefined) return alias;
    const additional = hasAdditional(rrset.type)
      ? additionalData(this.#zone, rrset, this.#signed)
      : nothing;
    return { ...this.#answered(), additional };
  }

  #referral(cut: ZoneNode, kept: RRset): Answer {
    const { name } = cut;
    const isLarge = measureRecords(kept).count > MANY_SERVERS;
    // Made once: what a zone keeps is packed, and its names are read here, for the glue and by who writes them.
    const servers: RRset = isLarge
      ? kept
      : { name, type: kept.type, ttl: kept.ttl, records: kept.records };
    const addresses = (): DelegationAddresses =>
      delegationAddresses(this.#zone, name, { servers, signed: this.#signed });
    const ds = cut.get(Type.DS);
    const authority = [...this.#authority];
    this.#authority.length = 0;
    if (ds === undefined) this.#prove(this.#proof?.noType(cut));
    else if (this.#dnssecOk) this.#add(this.#authority, cut, ds);
    const referral = answerWith(Rcode.NoError, {
      // AA is about the first owner in the answer section (RFC 1035 §4.1.1).
      authoritative: this.#answer.length > 0,
      answer: this.#answer,
      authority: [...authority, { rrset: servers }, ...this.#authority],
      ...(ds === undefined && {
        denial: { kind: 'nodata', owner: name, types: typesOf(cut) },
      }),
    });
    return isLarge ? withLateAddresses(referral, addresses) : { ...referral, ...addresses() };
  }

  /** The code is that of the last name of the chain (RFC 6604 §3). */
  #negative(rcode: number, kind: Denial['kind'], node: ZoneNode | undefined): Answer {
    const zone = this.#zone;
    const soa: AnswerEntry[] = [{ rrset: zone.soa, ttl: zone.negativeTtl }];
    const signatures = this.#signed ? signaturesOver(zone.apex, Type.SOA) : undefined;
    if (signatures !== undefined) soa.push({ rrset: signatures, ttl: zone.negativeTtl });
    return answerWith(rcode, {
      authoritative: true,
      answer: this.#answer,
      authority: [...soa, ...this.#authority],
      denial: { kind, owner: this.#owner, types: node === undefined ? noTypes : typesOf(node) },
    });
  }

  #answered(rcode: number = Rcode.NoError): Answer {
    const { length } = this.#authority;
    const authority = length === 0 ? nothing : this.#authority;
    return answerWith(rcode, { authoritative: true, answer: this.#answer, authority });
  }

  get #signed(): boolean {
    return this.#proof !== undefined;
  }

  /** Adds the records of `nodes` that prove something, none of them twice. */
  #prove(nodes: readonly ZoneNode[] = []): void {
    for (const node of nodes) {
      const rrset = node.get(this.#proof?.type ?? Type.NSEC);
      if (rrset === undefined || this.#authority.some((entry) => entry.rrset === rrset)) continue;
      this.#add(this.#authority, node, rrset);
    }
  }

  #add(section: AnswerEntry[], node: ZoneNode, rrset: RRset, owner?: Name | 'question'): void {
    section.push({ rrset, owner });
    const signatures = this.#signed ? signaturesOver(node, rrset.type) : undefined;
    // A signature lives as long as what it signs (RFC 4034 §3).
    if (signatures !== undefined) section.push({ rrset: signatures, owner, ttl: rrset.ttl });
  }
}

/** `referral` with addresses that are looked up when somebody writes them. Not worth keeping: a copy would have them. */
function withLateAddresses(referral: Answer, find: () => DelegationAddresses): Answer {
  let found: DelegationAddresses | undefined;
  const late = (part: keyof DelegationAddresses): PropertyDescriptor => ({
    get: () => (found ??= find())[part],
    enumerable: true,
  });
  const parts = { glue: late('glue'), additional: late('additional'), shared: { value: false } };
  return Object.defineProperties(referral, parts);
}

function isRRset(value: RRset | Answer): value is RRset {
  return 'records' in value;
}

/** Types asked of an alias itself rather than of what it stands for. */
function answersItself(type: number): boolean {
  return type === Type.CNAME || type === Type.ANY || type === Type.NSEC || type === Type.RRSIG;
}

/** One RRset is answer enough to "anything" (RFC 8482 §4.1): not the signatures, if there is something else. */
function smallest(node: ZoneNode): RRset | undefined {
  let best: RRset | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const rrset of node.list) {
    let size = rrset.records.reduce((sum, rdata) => sum + rdata.wire.length, 0);
    if (rrset.type === Type.RRSIG || rrset.type === Type.NSEC) size += 0x1_0000;
    if (size < least) [best, least] = [rrset, size];
  }
  return best;
}

function typesOf(node: ZoneNode): number[] {
  return node.list.map(({ type }) => type).sort((one, other) => one - other);
}
