// A zone as it is at one moment. Immutable, so that an answer, a transfer or a cache may hold it while it is replaced.
import { usageError } from '../errors.ts';
import { atOnce } from '../in-turns.ts';
import type { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import type { SoaValue } from '../rdata/value.ts';
import { applyEdits, type Edit } from './apply-edits.ts';
import { type DenialProof, denialProofOf, denialTypeOf } from './denial-proof.ts';
import { NameIndexes } from './name-indexes.ts';
import { keyOf, labelsAbove, orderOf } from './name-order.ts';
import { NodeMap } from './node-map.ts';
import { isHashedName } from './nsec3-proof.ts';
import { measureRecords } from './packed-rrset.ts';
import { createRRset, type RRset, sameRRset } from './rrset.ts';
import { isSerialAfter, nextSerial } from './serial.ts';
import { minimumOf, serialOf, withSerial } from './soa-serial.ts';
import { type ZoneBuilder, zoneBuilder } from './zone-builder.ts';
import { toNode, type ZoneNode } from './zone-node.ts';

/** An RRset that changed. */
export interface RRsetChange {
  readonly name: Name;
  readonly type: number;
  readonly before: RRset | undefined;
  readonly after: RRset | undefined;
}

/** The way from one serial to the next. The start of authority is among the changes. */
export interface ChangeSet {
  readonly origin: Name;
  /** Undefined for the change that creates a zone. */
  readonly from: number | undefined;
  readonly to: number;
  readonly changes: readonly RRsetChange[];
}

/** A zone after edits, and the way there. */
export interface ZoneStep {
  readonly zone: Zone;
  readonly changeSet: ChangeSet;
}

/** The names right before and after a place in the canonical order. */
export interface Neighbours {
  readonly previous: ZoneNode;
  readonly next: ZoneNode;
}

/** A name before another one. */
export interface Preceding {
  readonly node: ZoneNode;
  /** It is an ancestor of the name that came before it. */
  readonly isAncestor: boolean;
}

export type { Edit } from './apply-edits.ts';

/**
 * Immutable zone data with exactly one SOA and at least one NS at its origin. A name with one address takes about 200
 * octets. What {@link get}, {@link node} and {@link rrsets} give is made when it is asked for: read the fields of an RRset
 * one by one, as `{ ...rrset }` does not copy them.
 */
export class Zone {
  readonly origin: Name;
  /** The node of the origin. */
  readonly apex: ZoneNode;
  readonly soa: RRset;
  readonly serial: number;
  /** TTL of negative answers: the smaller of the SOA's own and its minimum (RFC 2308 §5). */
  readonly negativeTtl: number;
  /** How it proves that something does not exist; undefined if it is not signed. */
  readonly denialProof: DenialProof | undefined;
  readonly #nodes: NodeMap;
  readonly #indexes: NameIndexes;

  private constructor(origin: Name, nodes: NodeMap, indexes = new NameIndexes(origin, nodes)) {
    const value = nodes.get(origin.key);
    const apex = value && toNode(value);
    const soa = apex?.get(Type.SOA);
    const records = soa?.records ?? [];
    const [record] = records;
    if (
      soa === undefined ||
      record === undefined ||
      records.length !== 1 ||
      apex === undefined ||
      apex.get(Type.NS) === undefined
    ) {
      throw usageError(
        'HAWSER_DNS_ZONE',
        `Cannot make zone "${origin}" as it needs one SOA and an NS record`,
      );
    }
    this.origin = origin;
    this.apex = apex;
    this.soa = { name: soa.name, type: soa.type, ttl: soa.ttl, records };
    this.serial = serialOf(this.soa);
    this.negativeTtl = Math.min(soa.ttl, minimumOf(this.soa));
    this.#nodes = nodes;
    this.#indexes = indexes;
    this.denialProof = denialProofOf(this);
    // The first denial must not wait for what it needs.
    if (this.denialProof?.type === Type.NSEC) indexes.order();
    if (this.denialProof?.type === Type.NSEC3) indexes.hashes();
  }

  /**
   * The zone that holds `rrsets`. Of two with the same name and type the later one counts.
   * @throws UsageError `HAWSER_DNS_ZONE` without SOA or NS at the origin or with data beside a CNAME,
   * `HAWSER_DNS_OUT_OF_ZONE` for a name elsewhere
   */
  static of(origin: Name, rrsets: Iterable<RRset>): Zone {
    const edits = applyEdits(origin, NodeMap.empty, toEdits(rrsets), { pack: true });
    return new Zone(origin, atOnce(edits));
  }

  /** A zone of RRsets that come a few at a time: a million at once would stop everything else for seconds. */
  static builder(origin: Name): ZoneBuilder {
    return zoneBuilder(origin, (nodes, indexes) => new Zone(origin, nodes, indexes));
  }

  /** The node of this {@link Name.key}, if the name exists. */
  node(key: string): ZoneNode | undefined {
    const value = this.#nodes.get(key);
    return value && toNode(value);
  }

  /** The RRset of that name and type. Does not follow anything. */
  get(name: Name, type: number): RRset | undefined {
    return this.node(name.key)?.get(type);
  }

  /** How many names exist, empty non-terminals included. */
  get size(): number {
    return this.#nodes.size;
  }

  /** Every RRset, in no particular order. */
  *rrsets(): Generator<RRset, void, undefined> {
    for (const [, value] of this.#nodes.entries()) yield* toNode(value).list;
  }

  /**
   * Every name in canonical order (RFC 4034 §6.1), the origin first, empty non-terminals included; or only that with the
   * key `below` and those below it. The order is worked out when it is first asked for, about 2 µs a name, unless
   * {@link ordering} has done so, and kept up to date by changes from then on.
   */
  *ordered(below?: string): Generator<ZoneNode, void, undefined> {
    const first = below === undefined ? '' : orderOf(below, this.origin.key);
    for (const order of this.#indexes.order().from(first)) {
      const inside = first === '' || order === first || order.startsWith(`${first}\0`);
      if (!inside) return;
      const node = this.node(keyOf(order, this.origin.key));
      if (node !== undefined) yield node;
    }
  }

  /** Works out in steps, once, what {@link ordered}, {@link neighbours} and {@link preceding} need. */
  *ordering(): Generator<void, void, void> {
    yield* this.#indexes.ordering();
  }

  /**
   * The names before and after that with this key in canonical order, whether it exists or not; the last one comes before
   * the first. Names without data and those below a delegation count.
   */
  neighbours(key: string): Neighbours {
    const names = this.#indexes.order();
    const order = orderOf(key, this.origin.key);
    return {
      previous: this.#nodeAt(names.before(order) ?? names.last),
      next: this.#nodeAt(names.after(order) ?? names.first),
    };
  }

  /** The names before that with this key in canonical order, whether it exists or not, the nearest first and the origin last. */
  *preceding(key: string): Generator<Preceding, void, undefined> {
    const originKey = this.origin.key;
    let order = orderOf(key, originKey);
    let at = key;
    for (const before of this.#indexes.order().backFrom(order)) {
      const labels = labelsAbove(before, order);
      // One above another is a part of it: a hundred of them are found in less than it takes to write their names.
      at = labels === 0 ? keyOf(before, originKey) : withoutLabels(at, labels);
      order = before;
      const value = this.#nodes.get(at);
      if (value !== undefined) yield { node: toNode(value), isAncestor: labels > 0 };
    }
  }

  /**
   * The zone after `edits` and the way there, with the next serial unless the edits set a later one; undefined if nothing would
   * change. This one stays as it is. A later edit of the same name and type replaces an earlier one.
   * @throws UsageError as {@link of}
   */
  change(edits: readonly Edit[]): ZoneStep | undefined {
    return atOnce(this.changing(edits));
  }

  /** The same in steps, which may see this zone only: a thousand edits take some milliseconds. */
  *changing(edits: readonly Edit[]): Generator<number | void, ZoneStep | undefined, void> {
    const effective = new Map<string, Edit>();
    for (const edit of edits) {
      effective.set(idOf(edit), edit);
      yield 1;
    }
    for (const [id, edit] of effective) {
      if (sameRRset(this.get(edit.name, edit.type), edit.rrset)) effective.delete(id);
      yield 1 + recordCount(edit);
    }
    if (effective.size === 0) return undefined;
    const soa = { name: this.origin, type: Type.SOA, rrset: this.soa };
    const soaId = idOf(soa);
    effective.set(soaId, this.#forward(effective.get(soaId) ?? soa, nextSerial(this.serial)));
    const list = [...effective.values()];
    const zone = yield* this.#with(list);
    const changes: RRsetChange[] = [];
    for (const { name, type, rrset } of list) {
      changes.push({ name, type, before: this.get(name, type), after: rrset });
      yield 1;
    }
    return {
      zone,
      changeSet: { origin: this.origin, from: this.serial, to: zone.serial, changes },
    };
  }

  /**
   * `step`, which leads away from this zone, with `edits` made as well, and the serial it has unless they set another one that
   * is after that of this zone. What `step` did is not done again. Throws as {@link change}.
   */
  *amending(step: ZoneStep, edits: readonly Edit[]): Generator<number | void, ZoneStep, void> {
    const last = new Map<string, Edit>();
    for (const edit of edits) {
      last.set(idOf(edit), edit);
      yield 1;
    }
    const made: Edit[] = [];
    for (const edit of last.values()) {
      const kept = edit.type === Type.SOA ? this.#forward(edit, step.zone.serial) : edit;
      if (!sameRRset(step.zone.get(kept.name, kept.type), kept.rrset)) made.push(kept);
      yield 1 + recordCount(edit);
    }
    if (made.length === 0) return step;
    const zone = yield* step.zone.#with(made);
    const changes = new Map<string, RRsetChange>();
    for (const change of step.changeSet.changes) {
      changes.set(idOf(change), change);
      yield 1;
    }
    for (const { name, type, rrset } of made) {
      const id = idOf({ name, type });
      const before = this.get(name, type);
      if (sameRRset(before, rrset)) changes.delete(id);
      else changes.set(id, { name, type, before, after: rrset });
      yield 1 + recordCount({ rrset });
    }
    const changeSet = { origin: this.origin, from: this.serial, to: zone.serial };
    return { zone, changeSet: { ...changeSet, changes: [...changes.values()] } };
  }

  /**
   * This zone with `name` in it as well: with `rrsets`, or as an empty non-terminal. The serial stays. For zones that are
   * made up for one answer.
   * @throws UsageError as {@link of}
   */
  including(name: Name, rrsets: readonly RRset[]): Zone {
    const options = { exists: name, pack: false };
    const edits = applyEdits(this.origin, this.#nodes, toEdits(rrsets), options);
    return new Zone(this.origin, atOnce(edits));
  }

  /** The last hash before `label`, of those the zone has (RFC 5155 §1.3); the last one comes before the first. */
  hashedBefore(label: string): ZoneNode | undefined {
    const names = this.#indexes.hashes();
    const found = names.before(label) ?? names.last;
    return found === undefined ? undefined : this.node(keyOf(found, this.origin.key));
  }

  /** The node of this key, if it is for those who ask: the hash of another name is not (RFC 5155 §7.2.8). */
  findable(key: string): ZoneNode | undefined {
    const node = this.node(key);
    if (node === undefined || this.denialProof?.type !== Type.NSEC3) return node;
    return isHashedName(node) ? undefined : node;
  }

  /** An edit of the SOA, with `serial` if its own is not after that of this zone: secondaries would never see the change. */
  #forward(edit: Edit, serial: number): Edit {
    const { rrset } = edit;
    const count = rrset?.records.length ?? 0;
    if (count > 1) {
      throw usageError(
        'HAWSER_DNS_ZONE',
        `Cannot keep ${count} SOA records at "${this.origin}" as a zone has one`,
      );
    }
    if (rrset === undefined || isSerialAfter(serialOf(rrset), this.serial)) return edit;
    return { ...edit, rrset: withSerial(rrset, serial) };
  }

  *#with(edits: readonly Edit[]): Generator<number | void, Zone, void> {
    const touched = this.#indexes.hasOrder ? new Set<string>() : undefined;
    const nodes = yield* applyEdits(this.origin, this.#nodes, edits, { pack: true, touched });
    const indexes = yield* this.#indexes.changing(nodes, { edits, touched });
    // A zone that is signed from now on needs what it had no use for.
    const apex = nodes.get(this.origin.key);
    yield* indexes.denying(apex && denialTypeOf(toNode(apex)));
    return new Zone(this.origin, nodes, indexes);
  }

  #nodeAt(order: string | undefined): ZoneNode {
    const value = order === undefined ? undefined : this.#nodes.get(keyOf(order, this.origin.key));
    if (value === undefined) throw new TypeError(`Cannot find a name of "${this.origin}"`);
    return toNode(value);
  }
}

/** What an edit or a change is about. */
function idOf({ name, type }: Pick<Edit, 'name' | 'type'>): string {
  return `${type}/${name.key}`;
}

function recordCount({ rrset }: Pick<Edit, 'rrset'>): number {
  return rrset === undefined ? 0 : measureRecords(rrset).count;
}

/** The key of an ancestor. */
function withoutLabels(key: string, count: number): string {
  let at = 0;
  for (let left = count; left > 0; left--) at += 1 + key.charCodeAt(at);
  return key.slice(at);
}

/** A SOA RRset made of fields. Throws as {@link createRRset}. */
export function createSoa(origin: Name, fields: SoaValue, ttl: number): RRset {
  return createRRset(origin, Type.SOA, { ttl, values: [fields], origin });
}

function* toEdits(rrsets: Iterable<RRset>): Generator<Edit, void, undefined> {
  for (const rrset of rrsets) yield { name: rrset.name, type: rrset.type, rrset };
}
