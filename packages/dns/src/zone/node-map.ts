// The names of a zone as an immutable map: a trie over a hash of the name, with maps of up to some hundred names as its
// leaves. A change copies one leaf and the few branches above it, whether the zone has a thousand names or a million, and
// whoever chose them.
import type { NodeValue } from './zone-node.ts';

type Leaf = Map<string, NodeValue>;
type Slot = Leaf | Branch | undefined;
interface Branch extends Array<Slot> {}

/** Names of a leaf before it is divided. */
const MAX_LEAF = 256;
const BITS = 5;
const WIDTH = 1 << BITS;
/** Bits of the hash that are used. What shares all of them, as names do that somebody picked for it, is told apart by its octets. */
const HASH_BITS = 30;
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
  readonly #own = new Set<Leaf | Branch>();
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
    if (slot instanceof Map || slot === undefined) return this.#putLeaf(slot, shift, entry);
    const branch = this.#ownBranch(slot);
    const index = indexAt(shift, entry.hash, entry.key);
    const part = this.#put(branch[index], shift + BITS, entry);
    branch[index] = part;
    // Branches that stayed behind would add up where names come and go.
    return part === undefined && branch.every((each) => each === undefined) ? undefined : branch;
  }

  #putLeaf(slot: Leaf | undefined, shift: number, { key, value }: Entry): Slot {
    const leaf = this.#ownLeaf(slot);
    const before = leaf.size;
    if (value === undefined) leaf.delete(key);
    else leaf.set(key, value);
    this.#size += leaf.size - before;
    if (leaf.size === 0) return undefined;
    return leaf.size > MAX_LEAF ? this.#divide(leaf, shift) : leaf;
  }

  #divide(leaf: Leaf, shift: number): Branch {
    const branch: Branch = Array.from({ length: WIDTH }, () => undefined);
    for (const [key, value] of leaf) {
      const index = indexAt(shift, hashOf(key), key);
      const part = branch[index];
      if (part instanceof Map) part.set(key, value);
      else {
        const fresh: Leaf = new Map([[key, value]]);
        this.#own.add(fresh);
        branch[index] = fresh;
      }
    }
    const [only, another] = branch.filter((part) => part !== undefined);
    if (only instanceof Map && another === undefined)
      branch[branch.indexOf(only)] = this.#divide(only, shift + BITS);
    this.#own.delete(leaf);
    this.#own.add(branch);
    return branch;
  }

  #ownLeaf(leaf: Leaf | undefined): Leaf {
    if (leaf !== undefined && this.#own.has(leaf)) return leaf;
    const own = new Map(leaf);
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

function lookUp(root: Slot, key: string): NodeValue | undefined {
  let slot = root;
  if (!(slot instanceof Map)) {
    const hash = hashOf(key);
    for (let shift = 0; slot !== undefined && !(slot instanceof Map); shift += BITS) {
      slot = slot[indexAt(shift, hash, key)];
    }
  }
  return slot?.get(key);
}

function* entriesOf(slot: Slot): Generator<[string, NodeValue], void, undefined> {
  if (slot instanceof Map) yield* slot;
  else if (slot !== undefined) for (const each of slot) yield* entriesOf(each);
}

/** Where to look for `key` in a branch that is so many bits deep. */
function indexAt(shift: number, hash: number, key: string): number {
  if (shift < HASH_BITS) return (hash >>> shift) & (WIDTH - 1);
  const at = shift - HASH_BITS;
  const octet = key.charCodeAt(Math.floor(at / OCTET_BITS));
  return at % OCTET_BITS === 0 ? octet & 15 : octet >> 4;
}

/** FNV-1a with its bits mixed: branches are chosen by the low ones first. */
function hashOf(key: string): number {
  let hash = 0x811c_9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x0100_0193);
  return (hash ^ (hash >>> 15)) & 0x3fff_ffff;
}
