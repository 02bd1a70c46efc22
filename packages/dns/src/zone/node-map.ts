// The names of a zone as an immutable map: a trie over a hash of the name, with up to some hundred names in each of its
// leaves. A change copies one leaf and the few branches above it, whether the zone has a thousand names or a million, and
// whoever chose them.
import { HASH_BITS, hashOf } from './name-hash.ts';
import { LeafMaker, NodeLeaf, type NumberedNames } from './node-leaf.ts';
import type { NodeValue } from './zone-node.ts';

type Slot = NodeLeaf | Branch | undefined;
interface Branch extends Array<Slot> {}

/** Names of a leaf before it is divided. */
const MAX_LEAF = 256;
/** Names of a leaf that is filled at once: some are fuller than others. */
const FULL_LEAF = 160;
const BITS = 5;
const WIDTH = 1 << BITS;
/** Of them when many names come at once. */
const MAX_FILL_BITS = 20;
/** That many are put in order, or into a leaf, in the time of a step of other work. */
const NAMES_A_STEP = 8;
const LEAF_NAMES_A_STEP = 4;
const SORTED_AT_ONCE = 256;
/** Numbers in a page of memory. */
const PAGE = 1024;
/** Steps for each octet: its low half, then its high one. */
const OCTET_BITS = 2 * BITS;

/** Node values by {@link Name.key}. Immutable; {@link edit} gives a changed one. */
export class NodeMap {
  static readonly empty: NodeMap = new NodeMap(undefined, 0);

  readonly #root: Slot;
  readonly size: number;

  private constructor(root: Slot, size: number) {
    this.#root = root;
    this.size = size;
  }

  /** A map of many names at once, in steps: each leaf is filled while it is at hand. */
  static *of(names: NumberedNames): Generator<number, NodeMap, void> {
    const { size } = names;
    let bits = 0;
    while (size / (1 << bits) > FULL_LEAF && bits < MAX_FILL_BITS) bits += BITS;
    const { sorted, ends } = yield* sortByLeaf(names, 1 << bits);
    const maker = new LeafMaker(names);
    let slots: Slot[] = [];
    const crowded: number[] = [];
    let begin = 0;
    for (const end of ends) {
      const full = Math.min(end, begin + MAX_LEAF);
      slots.push(begin === end ? undefined : maker.leafOf(sorted.subarray(2 * begin, 2 * full)));
      yield 1 + (full - begin) / LEAF_NAMES_A_STEP;
      for (let at = full; at < end; at++) crowded.push(sorted[2 * at + 1] ?? 0);
      begin = end;
    }
    while (bits > 0) {
      bits -= BITS;
      slots = yield* branchesOf(slots, bits);
    }
    const draft = new NodeMap(slots[0], size - crowded.length).edit();
    for (const number of crowded) {
      draft.set(names.keyAt(number), names.valueAt(number));
      yield 1;
    }
    return draft.done();
  }

  get(key: string): NodeValue | undefined {
    return lookUp(this.#root, key);
  }

  /** A draft that starts with this content. */
  edit(): NodeMapDraft {
    return new NodeMapDraft(this.#root, this.size, (root, size) => new NodeMap(root, size));
  }

  /** Every key and value, in no particular order. */
  entries(): Generator<[string, NodeValue], void, undefined> {
    return entriesOf(this.#root);
  }
}

/** A map that is being made from another. Copies what it shares before it changes it. */
export class NodeMapDraft {
  readonly #finish: (root: Slot, size: number) => NodeMap;
  /** Leaves and branches nobody else has. */
  readonly #own = new Set<NodeLeaf | Branch>();
  #root: Slot;
  #size: number;

  constructor(root: Slot, size: number, finish: (root: Slot, size: number) => NodeMap) {
    this.#root = root;
    this.#size = size;
    this.#finish = finish;
  }

  get(key: string): NodeValue | undefined {
    return lookUp(this.#root, key);
  }

  /** Undefined removes. */
  set(key: string, value: NodeValue | undefined): void {
    this.#root = this.#put(this.#root, 0, { hash: hashOf(key), key, value });
  }

  /** The map. The draft must not be used any more. */
  done(): NodeMap {
    return this.#finish(this.#root, this.#size);
  }

  #put(slot: Slot, shift: number, entry: Entry): Slot {
    if (slot instanceof NodeLeaf || slot === undefined) return this.#putLeaf(slot, shift, entry);
    const branch = this.#ownBranch(slot);
    const index = indexAt(shift, entry.hash, entry.key);
    const part = this.#put(branch[index], shift + BITS, entry);
    branch[index] = part;
    // Branches that stayed behind would add up where names come and go.
    return part === undefined && branch.every((each) => each === undefined) ? undefined : branch;
  }

  #putLeaf(slot: NodeLeaf | undefined, shift: number, { hash, key, value }: Entry): Slot {
    const leaf = this.#ownLeaf(slot);
    const before = leaf.size;
    if (value === undefined) leaf.delete(hash, key);
    else leaf.set(hash, key, value);
    this.#size += leaf.size - before;
    if (leaf.size === 0) return undefined;
    return leaf.size > MAX_LEAF ? this.#divide(leaf, shift) : leaf;
  }

  #divide(leaf: NodeLeaf, shift: number): Branch {
    const branch: Branch = Array.from({ length: WIDTH }, () => undefined);
    for (const [key, value] of leaf.entries()) {
      const hash = hashOf(key);
      const index = indexAt(shift, hash, key);
      let part = branch[index];
      if (!(part instanceof NodeLeaf)) {
        part = new NodeLeaf();
        this.#own.add(part);
        branch[index] = part;
      }
      part.set(hash, key, value);
    }
    const [only, another] = branch.filter((part) => part !== undefined);
    if (only instanceof NodeLeaf && another === undefined)
      branch[branch.indexOf(only)] = this.#divide(only, shift + BITS);
    this.#own.delete(leaf);
    this.#own.add(branch);
    return branch;
  }

  #ownLeaf(leaf: NodeLeaf | undefined): NodeLeaf {
    if (leaf !== undefined && this.#own.has(leaf)) return leaf;
    const own = leaf?.copy() ?? new NodeLeaf();
    this.#own.add(own);
    return own;
  }

  #ownBranch(branch: Branch): Branch {
    if (this.#own.has(branch)) return branch;
    const own = branch.slice();
    this.#own.add(own);
    return own;
  }
}

interface Entry {
  readonly hash: number;
  readonly key: string;
  readonly value: NodeValue | undefined;
}

/** Hash and number of each name, those of a leaf in a row, and where each leaf ends. */
function* sortByLeaf(
  names: NumberedNames,
  leaves: number,
): Generator<number, { readonly sorted: Int32Array; readonly ends: Int32Array }, void> {
  const { size } = names;
  const ends = new Int32Array(leaves);
  for (let number = 0; number < size; number++) {
    const leaf = names.hashAt(number) & (leaves - 1);
    ends[leaf] = (ends[leaf] ?? 0) + 1;
    if (number % SORTED_AT_ONCE === 0) yield SORTED_AT_ONCE / NAMES_A_STEP;
  }
  let begin = 0;
  for (let leaf = 0; leaf < leaves; leaf++) {
    const count = ends[leaf] ?? 0;
    ends[leaf] = begin;
    begin += count;
  }
  const sorted = new Int32Array(2 * size);
  // The system gives memory when it is touched: at random, all of it would come in one turn.
  for (let at = 0; at < sorted.length; at += PAGE) {
    sorted[at] = 0;
    yield 1;
  }
  for (let number = 0; number < size; number++) {
    const hash = names.hashAt(number);
    const leaf = hash & (leaves - 1);
    const at = ends[leaf] ?? 0;
    sorted[2 * at] = hash;
    sorted[2 * at + 1] = number;
    ends[leaf] = at + 1;
    if (number % SORTED_AT_ONCE === 0) yield SORTED_AT_ONCE / NAMES_A_STEP;
  }
  return { sorted, ends };
}

/** The branches above `slots`, which are told apart by `bits` bits less. */
function* branchesOf(slots: readonly Slot[], bits: number): Generator<number, Slot[], void> {
  const branches: Slot[] = [];
  for (let low = 0; low < 1 << bits; low++) {
    const branch: Branch = Array.from(
      { length: WIDTH },
      (_, index) => slots[low | (index << bits)],
    );
    branches.push(branch.some((each) => each !== undefined) ? branch : undefined);
    yield 1;
  }
  return branches;
}

function lookUp(root: Slot, key: string): NodeValue | undefined {
  const hash = hashOf(key);
  let slot = root;
  for (let shift = 0; slot !== undefined; shift += BITS) {
    if (slot instanceof NodeLeaf) return slot.get(hash, key);
    slot = slot[indexAt(shift, hash, key)];
  }
  return undefined;
}

function* entriesOf(slot: Slot): Generator<[string, NodeValue], void, undefined> {
  if (slot instanceof NodeLeaf) yield* slot.entries();
  else if (slot !== undefined) for (const each of slot) yield* entriesOf(each);
}

/**
 * Where to look for `key` in a branch that is so many bits deep. What shares all of the hash, as names do that somebody picked for
 * it, is told apart by its octets.
 */
function indexAt(shift: number, hash: number, key: string): number {
  if (shift < HASH_BITS) return (hash >>> shift) & (WIDTH - 1);
  const at = shift - HASH_BITS;
  const octet = key.charCodeAt(Math.floor(at / OCTET_BITS));
  return at % OCTET_BITS === 0 ? octet & 15 : octet >> 4;
}
