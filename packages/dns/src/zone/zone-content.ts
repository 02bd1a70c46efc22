// A whole zone that was gathered by name, on its way into the map that a zone keeps: in steps, and without looking up again
// what was found already.
import { Name } from '../name.ts';
import { IntRows, LongList } from './long-list.ts';
import type { NameTable } from './name-table.ts';
import { NodeMap } from './node-map.ts';
import { PackedRRset } from './packed-rrset.ts';
import { NO_RRSETS, type NodeValue, StoredNode } from './zone-node.ts';

/** RRsets by name, all within the zone, no two of one name and type. */
export interface ZoneContent {
  /** Each has an RRset. Those above them are added when a zone is made of it. */
  readonly names: NameTable;
  /** Wire form of a name as it is spelled, one character an octet; the very key where that is the same. */
  ownerAt(number: number): string;
  /** The RRsets of a name: one by itself, as most names have, or a list. */
  rrsetsAt(number: number): PackedRRset | readonly PackedRRset[];
}

/** That many names take the time of a step of other work. */
const NAMES_A_STEP = 8;
const NAMES_AT_ONCE = 128;

/** The names of `content` and those between them and the origin, in steps. */
export function* nodesOf(origin: Name, content: ZoneContent): Generator<number, NodeMap, void> {
  const { names } = content;
  const filled = names.size;
  const above = new NamesAbove(origin, content);
  // Those that are added come last, and may need others above them.
  for (let number = 0; number < names.size; number++) {
    above.count(number);
    if (number % NAMES_AT_ONCE === 0) yield NAMES_AT_ONCE / NAMES_A_STEP;
  }
  const values = new LongList<NodeValue>();
  for (let number = 0; number < names.size; number++) {
    const rrsets = number < filled ? content.rrsetsAt(number) : NO_RRSETS;
    const children = above.childrenOf(number);
    if (!(rrsets instanceof PackedRRset))
      values.push(new StoredNode(above.ownerAt(number), rrsets, children));
    else if (children > 0) values.push(new StoredNode(above.ownerAt(number), [rrsets], children));
    else values.push(rrsets);
    if (number % NAMES_AT_ONCE === 0) yield NAMES_AT_ONCE / NAMES_A_STEP;
  }
  return yield* NodeMap.of({
    size: names.size,
    keyAt: (number) => names.keyAt(number),
    hashAt: (number) => names.hashAt(number),
    valueAt: (number) => values.at(number) as NodeValue,
  });
}

/** How many names are directly below each, and the names that exist for those below them only. */
class NamesAbove {
  readonly #origin: Name;
  readonly #content: ZoneContent;
  readonly #filled: number;
  readonly #children: IntRows;
  readonly #owners = new LongList<string>();
  /** The last one: names with one parent often come one after the other. */
  #parent = -1;
  #parentKey = '';

  constructor(origin: Name, content: ZoneContent) {
    this.#origin = origin;
    this.#content = content;
    this.#filled = content.names.size;
    this.#children = new IntRows(1, this.#filled);
  }

  /** Counts the name with that number as a child of the one above it, which appears if it is not there. */
  count(number: number): void {
    const { names } = this.#content;
    const key = names.keyAt(number);
    if (key === this.#origin.key) return;
    const start = 1 + key.charCodeAt(0);
    if (key.length - start !== this.#parentKey.length || !key.endsWith(this.#parentKey)) {
      this.#parentKey = key.slice(start);
      this.#parent = names.find(this.#parentKey);
      if (this.#parent < 0) this.#parent = this.#add(this.ownerAt(number).slice(start));
    }
    this.#children.set(this.#parent, 0, this.#children.get(this.#parent, 0) + 1);
  }

  childrenOf(number: number): number {
    return this.#children.get(number, 0);
  }

  ownerAt(number: number): string {
    const { names } = this.#content;
    if (number < this.#filled) return this.#content.ownerAt(number);
    return this.#owners.at(number - this.#filled) ?? names.keyAt(number);
  }

  #add(spelled: string): number {
    // Text of its own: what is cut out of another would keep that alive.
    const { key, wire } = Name.fromOctets(spelled);
    this.#owners.push(key === spelled ? key : wire.toString('latin1'));
    this.#children.push();
    return this.#content.names.place(key);
  }
}
