// Addresses, and what leads to them, that somebody who got an answer will ask for next: where the zone has them and
// nothing hides them (RFC 1035 §3.3, RFC 2782, RFC 3403 §4.1, RFC 9460 §4.1).
import type { AnswerEntry } from '../contract/answer.ts';
import type { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import type { Rdata } from '../rdata/rdata.ts';
import { findNode } from './find-node.ts';
import { firstRecords } from './packed-rrset.ts';
import type { RRset } from './rrset.ts';
import { signaturesOver } from './signatures.ts';
import type { Zone } from './zone.ts';
import type { ZoneNode } from './zone-node.ts';

/** Names looked up for one answer, those that aliases lead to included. */
const MAX_TARGETS = 32;

const leading = new Set<number>([
  Type.NS,
  Type.MX,
  Type.SRV,
  Type.SVCB,
  Type.HTTPS,
  Type.NAPTR,
  Type.AFSDB,
  Type.RT,
  Type.KX,
]);
const addressTypes = [Type.A, Type.AAAA];

/** A type that leads to names of hosts. */
export function hasAdditional(type: number): boolean {
  return leading.has(type);
}

/** What goes with `rrset`, that of the name asked for in the end; with its signatures where it is asked for. */
export function additionalData(zone: Zone, rrset: RRset, signed: boolean): AnswerEntry[] {
  const search = new AdditionalSearch(zone, rrset, signed);
  search.follow(rrset.type, rrset);
  return search.entries;
}

class AdditionalSearch {
  readonly entries: AnswerEntry[] = [];
  readonly #zone: Zone;
  readonly #answered: RRset;
  readonly #signed: boolean;
  readonly #seen = new Set<string>();
  #left = MAX_TARGETS;

  constructor(zone: Zone, answered: RRset, signed: boolean) {
    this.#zone = zone;
    this.#answered = answered;
    this.#signed = signed;
  }

  follow(type: number, rrset: RRset): void {
    for (const rdata of firstRecords(rrset, MAX_TARGETS)) {
      if (this.#left <= 0) return;
      if (type === Type.SVCB || type === Type.HTTPS) this.#followService(type, rrset, rdata);
      else if (type === Type.NAPTR) this.#followRewrite(rdata);
      else this.#add(rdata.target, addressTypes);
    }
  }

  /** An alias leads to another RRset of the same type; a service at "." is at the owner itself (RFC 9460 §2.5). */
  #followService(type: number, rrset: RRset, { wire, target }: Rdata): void {
    const isAlias = wire.readUInt16BE(0) === 0;
    // An alias to "." says there is no service.
    if (target?.isRoot) {
      if (!isAlias && !rrset.name.isWildcard) this.#add(rrset.name, addressTypes);
      return;
    }
    const next = this.#add(target, isAlias ? [type, ...addressTypes] : addressTypes)?.get(type);
    if (isAlias && next !== undefined) this.follow(type, next);
  }

  /** Flag "S" leads to SRV, "A" to addresses (RFC 3404 §4.3). The others lead to no record of the name itself. */
  #followRewrite({ wire, target }: Rdata): void {
    const flags = wire.toString('latin1', 5, 5 + (wire[4] ?? 0)).toUpperCase();
    if (flags === 'A') this.#add(target, addressTypes);
    if (flags !== 'S') return;
    const services = this.#add(target, [Type.SRV])?.get(Type.SRV);
    if (services !== undefined) this.follow(Type.SRV, services);
  }

  #add(target: Name | undefined, types: readonly number[]): ZoneNode | undefined {
    if (target === undefined || !target.isSubdomainOf(this.#zone.origin)) return undefined;
    if (this.#seen.has(target.key) || this.#left-- <= 0) return undefined;
    this.#seen.add(target.key);
    const found = findNode(this.#zone, target.key, Type.A);
    if (found.at !== 'node') return undefined;
    for (const type of types) {
      // No record comes twice (RFC 2181 §5).
      if (found.node.get(type) === this.#answered) continue;
      addEntry(this.entries, found.node, { type, signed: this.#signed });
    }
    return found.node;
  }
}

/** Addresses of the servers of a delegation: those it cannot be used without, and others. */
export interface DelegationAddresses {
  readonly glue: AnswerEntry[];
  readonly additional: AnswerEntry[];
}

/** The addresses of the servers of the delegation `below`. What the zone has of them is sent even where it is not its to answer. */
export function delegationAddresses(
  zone: Zone,
  below: Name,
  options: { readonly servers: RRset; readonly signed: boolean },
): DelegationAddresses {
  const { servers, signed } = options;
  const glue: AnswerEntry[] = [];
  const additional: AnswerEntry[] = [];
  for (const { target } of servers.records) {
    const node = target?.isSubdomainOf(zone.origin) ? zone.node(target.key) : undefined;
    if (target === undefined || node === undefined) continue;
    // Only servers within the delegated zone cannot be found without (RFC 9471 §2.1).
    const needed = target.isSubdomainOf(below);
    for (const type of addressTypes) {
      if (needed) addEntry(glue, node, { type, signed: false });
      else addEntry(additional, node, { type, signed });
    }
  }
  return { glue, additional };
}

function addEntry(
  entries: AnswerEntry[],
  node: ZoneNode,
  what: { readonly type: number; readonly signed: boolean },
): void {
  const rrset = node.get(what.type);
  if (rrset === undefined) return;
  entries.push({ rrset });
  const signatures = what.signed ? signaturesOver(node, what.type) : undefined;
  if (signatures !== undefined) entries.push({ rrset: signatures, ttl: rrset.ttl });
}
