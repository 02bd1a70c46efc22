// Edits made in the map of names of a zone, with the empty non-terminals above them.
import { usageError } from '../errors.ts';
import type { Name } from '../name.ts';
import { formatType, isMetaType, Type } from '../numbers.ts';
import type { NodeMap, NodeMapDraft } from './node-map.ts';
import { firstRecords, measureRecords, PackedRRset } from './packed-rrset.ts';
import type { RRset } from './rrset.ts';
import { NO_RRSETS, type NodeValue, StoredNode, toNode, toValue } from './zone-node.ts';

/** What one name and type should become: an RRset, or nothing. */
export interface Edit {
  readonly name: Name;
  readonly type: number;
  readonly rrset: RRset | undefined;
}

/** How {@link applyEdits} does it. */
export interface ApplyOptions {
  /** A name that should exist afterwards, with data or without. */
  readonly exists?: Name | undefined;
  /** Keeps RRsets as small as they get, rather than as they are. */
  readonly pack: boolean;
  /** Collects the keys of names that may have appeared or gone. */
  readonly touched?: Set<string> | undefined;
}

/** An edit, a node written and a record packed cost as much as so many steps of other work. */
const EDIT_STEPS = 5;
const NODE_STEPS = 2;
const RECORD_STEPS = 0.2;

/** `nodes` after `edits`, in steps. Throws as `Zone.of` does. */
export function* applyEdits(
  origin: Name,
  nodes: NodeMap,
  edits: Iterable<Edit>,
  options: ApplyOptions,
): Generator<number, NodeMap, void> {
  const draft = new ZoneDraft(origin, nodes.edit(), options.touched);
  let written = 0;
  for (const edit of edits) {
    draft.apply(edit, options.pack);
    const records = edit.rrset === undefined ? 0 : measureRecords(edit.rrset).count;
    yield EDIT_STEPS + NODE_STEPS * (draft.written - written) + RECORD_STEPS * records;
    ({ written } = draft);
  }
  if (options.exists !== undefined) draft.include(options.exists);
  draft.check();
  return draft.nodes.done();
}

/** Edits in the making. */
class ZoneDraft {
  readonly nodes: NodeMapDraft;
  readonly #origin: Name;
  readonly #touched: Set<string> | undefined;
  /** Names that had an alias at some time. */
  readonly #suspects = new Set<string>();
  /** Names that appeared below one that exists, and are not counted there yet: they often come one after the other. */
  #parent = '';
  #newChildren = 0;
  #written = 0;

  constructor(origin: Name, nodes: NodeMapDraft, touched: Set<string> | undefined) {
    this.#origin = origin;
    this.nodes = nodes;
    this.#touched = touched;
  }

  /** How many nodes were written: an edit may make or remove a hundred above its own. */
  get written(): number {
    return this.#written;
  }

  apply({ name, type, rrset }: Edit, pack: boolean): void {
    checkOwner(this.#origin, name, type);
    const { key } = name;
    const value = this.#get(key);
    if (value === undefined) {
      if (rrset !== undefined) this.#add(name, rrset, pack);
      return;
    }
    const node = toNode(value);
    // The name is spelled as it was first.
    const list = node.list.filter((each) => each.type !== type);
    if (rrset !== undefined) list.push(pack ? new PackedRRset(node.owner, rrset) : rrset);
    if (list.some((each) => each.type === Type.CNAME || each.type === Type.DNAME))
      this.#suspects.add(key);
    this.#put(key, node, list, node.children);
  }

  /** Makes a name exist that has no data: by a child that is not there. */
  include(name: Name): void {
    if (this.#get(name.key) !== undefined) return;
    checkOwner(this.#origin, name, Type.A);
    this.#set(name.key, new StoredNode(ownerOf(name), NO_RRSETS, 1));
    this.#touched?.add(name.key);
    this.#raise(name.key, name);
  }

  /** Ends the work. Throws if a name holds what it must not. */
  check(): void {
    this.#count();
    for (const key of this.#suspects) {
      const value = this.nodes.get(key);
      if (value !== undefined) checkCoexistence(toNode(value));
    }
  }

  #add(name: Name, rrset: RRset, pack: boolean): void {
    const owner = ownerOf(name);
    const single = rrset.type === Type.CNAME || rrset.type === Type.DNAME;
    // One alias by itself is no suspect: there are zones of a million.
    if (single && firstRecords(rrset, 2).length > 1) this.#suspects.add(name.key);
    const value = pack ? new PackedRRset(owner, rrset) : new StoredNode(owner, [rrset], 0);
    this.#set(name.key, value);
    this.#touched?.add(name.key);
    this.#raise(name.key, name);
  }

  #put(key: string, node: StoredNode, list: readonly RRset[], children: number): void {
    const value = toValue(node.owner, list, children);
    this.#set(key, value);
    if (value !== undefined) return;
    this.#touched?.add(key);
    this.#lower(key);
  }

  /** The name with `key` has appeared: its parent has a child more, and exists now. */
  #raise(key: string, name: Name): void {
    if (key === this.#origin.key) return;
    const above = key.slice(1 + key.charCodeAt(0));
    if (above === this.#parent) {
      this.#newChildren++;
      return;
    }
    this.#count();
    if (this.nodes.get(above) === undefined) {
      // Text of its own: what is cut out of another would keep that alive.
      const parent = name.parent() ?? name;
      this.#set(parent.key, new StoredNode(ownerOf(parent), NO_RRSETS, 1));
      this.#touched?.add(parent.key);
      this.#raise(parent.key, parent);
      return;
    }
    this.#parent = above;
    this.#newChildren = 1;
  }

  /** Tells the parent of its children. */
  #count(): void {
    const value = this.#newChildren === 0 ? undefined : this.nodes.get(this.#parent);
    if (value !== undefined) {
      const node = toNode(value);
      const children = node.children + this.#newChildren;
      this.#set(this.#parent, new StoredNode(node.owner, node.list, children));
    }
    this.#parent = '';
    this.#newChildren = 0;
  }

  #set(key: string, value: NodeValue | undefined): void {
    this.#written++;
    this.nodes.set(key, value);
  }

  #get(key: string): NodeValue | undefined {
    if (key === this.#parent) this.#count();
    return this.nodes.get(key);
  }

  /** The name with `key` has gone: its parent has a child less, and may have been there only for it. */
  #lower(key: string): void {
    if (key === this.#origin.key) return;
    const above = key.slice(1 + key.charCodeAt(0));
    const value = this.#get(above);
    if (value === undefined) return;
    const node = toNode(value);
    this.#put(above, node, node.list, node.children - 1);
  }
}

/** The wire form as it is spelled; the very key where that is in lower case. */
export function ownerOf(name: Name): string {
  const owner = name.wire.toString('latin1');
  return owner === name.key ? name.key : owner;
}

/** Throws if `origin` cannot hold that name and type. */
export function checkOwner(origin: Name, name: Name, type: number): void {
  if (!name.isSubdomainOf(origin)) {
    throw usageError('HAWSER_DNS_OUT_OF_ZONE', `Cannot keep "${name}" in zone "${origin}"`);
  }
  if (isMetaType(type) || (type === Type.SOA && !name.equals(origin))) {
    throw usageError('HAWSER_DNS_ZONE', `Cannot keep ${formatType(type)} at "${name}"`);
  }
}

/**
 * A CNAME stands alone (RFC 1034 §3.6.2) but for what signs it (RFC 4034 §3, §4), and there is one (RFC 2181 §10.1). The
 * same for DNAME's count (RFC 6672 §2.4).
 */
export function checkCoexistence(node: StoredNode): void {
  const alias = node.get(Type.CNAME);
  const several =
    (alias?.records.length ?? 0) > 1 || (node.get(Type.DNAME)?.records.length ?? 0) > 1;
  const other = node.list.some(({ type }) => type !== Type.CNAME && !standsBesideAlias(type));
  if ((alias !== undefined && other) || several) {
    throw usageError('HAWSER_DNS_ZONE', `Cannot keep an alias beside other data at "${node.name}"`);
  }
}

/** What may share a name with an alias: only what signs it (RFC 4034 §3, §4). */
export function standsBesideAlias(type: number): boolean {
  return type === Type.RRSIG || type === Type.NSEC;
}
