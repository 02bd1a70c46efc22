// The names of a zone as an immutable map. A change copies a small overlay, not the whole: with n names the overlay is
// merged after about sqrt(n) changed names, so a change to a zone of 100,000 names costs some hundred steps, not 100,000.
import type { ZoneNode } from './zone-node.ts';

/** Nodes by {@link Name.key}. Immutable; {@link with} gives a changed one. */
export class NodeMap {
  static readonly empty: NodeMap = new NodeMap(new Map(), new Map(), 0);

  readonly #base: ReadonlyMap<string, ZoneNode>;
  /** Changed since `#base`; undefined marks a removed one. */
  readonly #overlay: ReadonlyMap<string, ZoneNode | undefined>;
  readonly size: number;

  private constructor(
    base: ReadonlyMap<string, ZoneNode>,
    overlay: ReadonlyMap<string, ZoneNode | undefined>,
    size: number,
  ) {
    this.#base = base;
    this.#overlay = overlay;
    this.size = size;
  }

  get(key: string): ZoneNode | undefined {
    if (this.#overlay.size === 0) return this.#base.get(key);
    const changed = this.#overlay.get(key);
    return changed !== undefined || this.#overlay.has(key) ? changed : this.#base.get(key);
  }

  /** A map in which `changes` replaced what was there; undefined removes. */
  with(changes: ReadonlyMap<string, ZoneNode | undefined>): NodeMap {
    let size = this.size;
    for (const [key, node] of changes) {
      size += (node === undefined ? 0 : 1) - (this.get(key) === undefined ? 0 : 1);
    }
    const overlay = new Map([...this.#overlay, ...changes]);
    if (overlay.size * overlay.size <= 2 * this.#base.size + 64)
      return new NodeMap(this.#base, overlay, size);
    const base = new Map(this.#base);
    for (const [key, node] of overlay) {
      if (node === undefined) base.delete(key);
      else base.set(key, node);
    }
    return new NodeMap(base, new Map(), size);
  }

  /** Every node, in no particular order. */
  *nodes(): Generator<ZoneNode, void, undefined> {
    for (const [key, node] of this.#base) if (!this.#overlay.has(key)) yield node;
    for (const node of this.#overlay.values()) if (node !== undefined) yield node;
  }
}
