// A zone as it is at one moment. Immutable, so that an answer, a transfer or a cache may hold it while it is replaced.
import { usageError } from '../errors.ts';
import type { Name } from '../name.ts';
import { formatType, isMetaType, Type } from '../numbers.ts';
import { decodeSoa } from '../rdata/decode-rdata.ts';
import type { SoaValue } from '../rdata/value.ts';
import { NodeMap } from './node-map.ts';
import { createRRset, type RRset, sameRRset } from './rrset.ts';
import { isSerialAfter, nextSerial } from './serial.ts';
import type { ZoneNode } from './zone-node.ts';

/** What one name and type should become: an RRset, or nothing. */
export interface Edit {
  readonly name: Name;
  readonly type: number;
  readonly rrset: RRset | undefined;
}

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

/** Immutable zone data with exactly one SOA and at least one NS at its origin. */
export class Zone {
  readonly origin: Name;
  readonly soa: RRset;
  readonly serial: number;
  /** TTL of negative answers: the smaller of the SOA's own and its minimum (RFC 2308 §5). */
  readonly negativeTtl: number;
  readonly #nodes: NodeMap;

  private constructor(origin: Name, nodes: NodeMap) {
    const apex = nodes.get(origin.key);
    const soa = apex?.rrsets.get(Type.SOA);
    const record = soa?.records[0];
    if (
      soa === undefined ||
      record === undefined ||
      soa.records.length !== 1 ||
      !apex?.rrsets.has(Type.NS)
    ) {
      throw usageError(
        'HAWSER_DNS_ZONE',
        `Cannot make zone "${origin}" as it needs one SOA and an NS record`,
      );
    }
    const fields = decodeSoa(record.wire);
    this.origin = origin;
    this.soa = soa;
    this.serial = fields.serial;
    this.negativeTtl = Math.min(soa.ttl, fields.minimum);
    this.#nodes = nodes;
  }

  /**
   * The zone that holds `rrsets`.
   * @throws UsageError `HAWSER_DNS_ZONE` without SOA or NS at the origin or with data beside a CNAME,
   * `HAWSER_DNS_OUT_OF_ZONE` for a name elsewhere
   */
  static of(origin: Name, rrsets: Iterable<RRset>): Zone {
    const edits = [...rrsets].map((rrset) => ({ name: rrset.name, type: rrset.type, rrset }));
    return new Zone(origin, applyEdits(origin, NodeMap.empty, edits));
  }

  /** The node of this {@link Name.key}, if the name exists. */
  node(key: string): ZoneNode | undefined {
    return this.#nodes.get(key);
  }

  /** The RRset of that name and type. Does not follow anything. */
  get(name: Name, type: number): RRset | undefined {
    return this.#nodes.get(name.key)?.rrsets.get(type);
  }

  /** How many names exist, empty non-terminals included. */
  get size(): number {
    return this.#nodes.size;
  }

  /** Every RRset, in no particular order. */
  *rrsets(): Generator<RRset, void, undefined> {
    for (const node of this.#nodes.nodes()) yield* node.rrsets.values();
  }

  /**
   * The zone after `edits` and the way there, with the next serial unless the edits set a later one; undefined if nothing would
   * change. This one stays as it is. A later edit of the same name and type replaces an earlier one.
   * @throws UsageError as {@link of}
   */
  change(
    edits: readonly Edit[],
  ): { readonly zone: Zone; readonly changeSet: ChangeSet } | undefined {
    const effective = new Map<string, Edit>();
    for (const edit of edits) effective.set(`${edit.type}/${edit.name.key}`, edit);
    for (const [id, edit] of effective) {
      if (sameRRset(this.get(edit.name, edit.type), edit.rrset)) effective.delete(id);
    }
    if (effective.size === 0) return undefined;
    const soaId = `${Type.SOA}/${this.origin.key}`;
    const edited = effective.get(soaId);
    const soa = edited === undefined ? this.soa : edited.rrset;
    const wire = soa?.records[0]?.wire;
    // A serial that does not go forward would hide the change from every secondary.
    if (soa && wire && !isSerialAfter(decodeSoa(wire).serial, this.serial)) {
      const rrset = withSerial(soa, nextSerial(this.serial));
      effective.set(soaId, { name: this.origin, type: Type.SOA, rrset });
    }
    const list = [...effective.values()];
    const zone = new Zone(this.origin, applyEdits(this.origin, this.#nodes, list));
    const changes = list.map(({ name, type, rrset }) => ({
      name,
      type,
      before: this.get(name, type),
      after: rrset,
    }));
    return {
      zone,
      changeSet: { origin: this.origin, from: this.serial, to: zone.serial, changes },
    };
  }

  /**
   * This zone with `name` in it as well: with `rrsets`, or as an empty non-terminal. The serial stays. For zones that are
   * made up for one answer.
   * @throws UsageError as {@link of}
   */
  including(name: Name, rrsets: readonly RRset[]): Zone {
    const edits = rrsets.map((rrset) => ({ name: rrset.name, type: rrset.type, rrset }));
    return new Zone(this.origin, applyEdits(this.origin, this.#nodes, edits, name));
  }
}

/** A SOA RRset made of fields. Throws as {@link createRRset}. */
export function createSoa(origin: Name, fields: SoaValue, ttl: number): RRset {
  return createRRset(origin, Type.SOA, { ttl, values: [fields] });
}

function withSerial(soa: RRset, serial: number): RRset {
  const wire = soa.records[0]?.wire ?? Buffer.alloc(0);
  return createSoa(soa.name, { ...decodeSoa(wire), serial }, soa.ttl);
}

function applyEdits(origin: Name, nodes: NodeMap, edits: readonly Edit[], exists?: Name): NodeMap {
  const changed = new Map<string, ZoneNode | undefined>();
  const current = (key: string): ZoneNode | undefined =>
    changed.has(key) ? changed.get(key) : nodes.get(key);
  const put = (node: ZoneNode, parentDelta: number): void => {
    const gone = node.rrsets.size === 0 && node.children === 0;
    changed.set(node.name.key, gone ? undefined : node);
    const parent = node.name.equals(origin) ? undefined : node.name.parent();
    const delta = parentDelta - (gone ? 1 : 0);
    if (parent === undefined || delta === 0) return;
    const above = current(parent.key);
    const base = above ?? { name: parent, rrsets: new Map(), children: 0 };
    put({ ...base, children: base.children + delta }, above === undefined ? 1 : 0);
  };
  const edited = new Set<string>();
  for (const { name, type, rrset } of edits) {
    checkOwner(origin, name, type);
    const before = current(name.key);
    if (before === undefined && rrset === undefined) continue;
    const rrsets = new Map(before?.rrsets);
    if (rrset === undefined) rrsets.delete(type);
    else rrsets.set(type, rrset);
    // The name is spelled as it was first.
    put(
      { name: before?.name ?? name, rrsets, children: before?.children ?? 0 },
      before === undefined ? 1 : 0,
    );
    edited.add(name.key);
  }
  if (exists !== undefined && current(exists.key) === undefined) {
    checkOwner(origin, exists, Type.A);
    // A child that is not there makes a name exist that has no data.
    put({ name: exists, rrsets: new Map(), children: 1 }, 1);
  }
  for (const key of edited) checkCoexistence(current(key));
  return nodes.with(changed);
}

function checkOwner(origin: Name, name: Name, type: number): void {
  if (!name.isSubdomainOf(origin)) {
    throw usageError('HAWSER_DNS_OUT_OF_ZONE', `Cannot keep "${name}" in zone "${origin}"`);
  }
  if (isMetaType(type) || (type === Type.SOA && !name.equals(origin))) {
    throw usageError('HAWSER_DNS_ZONE', `Cannot keep ${formatType(type)} at "${name}"`);
  }
}

/** A CNAME stands alone (RFC 1034 §3.6.2), and there is one (RFC 2181 §10.1). The same for DNAME's count (RFC 6672 §2.4). */
function checkCoexistence(node: ZoneNode | undefined): void {
  if (node === undefined) return;
  const alias = node.rrsets.get(Type.CNAME);
  const several =
    (alias?.records.length ?? 0) > 1 || (node.rrsets.get(Type.DNAME)?.records.length ?? 0) > 1;
  if ((alias !== undefined && node.rrsets.size > 1) || several) {
    throw usageError('HAWSER_DNS_ZONE', `Cannot keep an alias beside other data at "${node.name}"`);
  }
}
