import { foldedKey, Name } from '../name.ts';
import { PackedRRset } from './packed-rrset.ts';
import type { RRset } from './rrset.ts';

/** One name of a zone. Without RRsets it exists only because names below it do: an empty non-terminal. */
export interface ZoneNode {
  readonly name: Name;
  /** {@link Name.key} of the name. */
  readonly key: string;
  /** By type. Made when it is read; {@link get} is faster. */
  readonly rrsets: ReadonlyMap<number, RRset>;
  /** The RRsets, in no particular order. */
  readonly list: readonly RRset[];
  /** How many names directly below it exist. */
  readonly children: number;
  /** The RRset of this type. */
  get(type: number): RRset | undefined;
}

/** Those of an empty non-terminal: there may be as many of them as of other names. */
export const NO_RRSETS: readonly RRset[] = [];

/** A {@link ZoneNode} as it is kept. */
export class StoredNode implements ZoneNode {
  /** Wire form of the name with its case, one character an octet. */
  readonly owner: string;
  readonly list: readonly RRset[];
  readonly children: number;

  constructor(owner: string, list: readonly RRset[], children: number) {
    this.owner = owner;
    this.list = list;
    this.children = children;
  }

  get name(): Name {
    return Name.fromOctets(this.owner);
  }

  get key(): string {
    // Lengths of labels are smaller than any letter.
    if (!/[A-Z]/.test(this.owner)) return this.owner;
    const wire = Buffer.from(this.owner, 'latin1');
    return foldedKey(wire, 0, wire.length);
  }

  get rrsets(): ReadonlyMap<number, RRset> {
    return new Map(this.list.map((rrset) => [rrset.type, rrset]));
  }

  get(type: number): RRset | undefined {
    for (const rrset of this.list) if (rrset.type === type) return rrset;
    return undefined;
  }
}

/** What is kept for a name: most have one RRset and nothing below them, and then that is all. */
export type NodeValue = PackedRRset | StoredNode;

/** The node that `value` stands for. */
export function toNode(value: NodeValue): StoredNode {
  return value instanceof PackedRRset ? new StoredNode(value.owner, [value], 0) : value;
}

/** The least that stands for a node, or undefined if it does not exist. */
export function toValue(
  owner: string,
  list: readonly RRset[],
  children: number,
): NodeValue | undefined {
  const [only] = list;
  if (children > 0 || list.length > 1) return new StoredNode(owner, list, children);
  if (only === undefined || only instanceof PackedRRset) return only;
  return new StoredNode(owner, list, children);
}
