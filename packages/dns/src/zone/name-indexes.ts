// What is worked out from the names of a zone, and goes along with its changes: their order, and that of names that are hashes.
import type { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import type { Edit } from './apply-edits.ts';
import { orderOf } from './name-order.ts';
import type { NodeMap } from './node-map.ts';
import { OrderedNames } from './ordered-names.ts';
import { toNode } from './zone-node.ts';

/** What a zone was changed by. */
export interface NameChanges {
  readonly edits: readonly Edit[];
  /** Keys of names that may have appeared or gone; needed where there is an order. */
  readonly touched: ReadonlySet<string> | undefined;
}

/** Known indexes of the names of one version of a zone. */
interface Known {
  order?: OrderedNames;
  hashes?: OrderedNames;
}

/** The indexes of one version of a zone, each made when it is first asked for, unless it was made in steps before. */
export class NameIndexes {
  readonly #origin: Name;
  readonly #nodes: NodeMap;
  readonly #known: Known;

  constructor(origin: Name, nodes: NodeMap, known: Known = {}) {
    this.#origin = origin;
    this.#nodes = nodes;
    this.#known = known;
  }

  /** True if a change has to say which names appear and go. */
  get hasOrder(): boolean {
    return this.#known.order !== undefined;
  }

  /** Every name, as `orderOf` has it. */
  order(): OrderedNames {
    this.#known.order ??= OrderedNames.of([...this.#orders()]);
    return this.#known.order;
  }

  /** Names with NSEC3: labels that are hashes of others. */
  hashes(): OrderedNames {
    this.#known.hashes ??= OrderedNames.of([...this.#orders(Type.NSEC3)]);
    return this.#known.hashes;
  }

  /** Makes {@link order} in steps. */
  *ordering(): Generator<void, void, void> {
    if (this.#known.order !== undefined) return;
    const order = yield* OrderedNames.sorting(this.#orders());
    this.#known.order ??= order;
  }

  /** Makes what a zone needs in steps that denies by `type`: NSEC, NSEC3, or not at all. */
  *denying(type: number | undefined): Generator<void, void, void> {
    if (type === Type.NSEC) yield* this.ordering();
    if (type !== Type.NSEC3 || this.#known.hashes !== undefined) return;
    this.#known.hashes = yield* OrderedNames.sorting(this.#orders(Type.NSEC3));
  }

  /** The indexes of the next version, in steps: those that are known here are known there. */
  *changing(
    nodes: NodeMap,
    { edits, touched }: NameChanges,
  ): Generator<number | void, NameIndexes, void> {
    const { order, hashes } = this.#known;
    const known: Known = {};
    if (order !== undefined) {
      const changes = new Map<string, boolean>();
      for (const key of touched ?? []) {
        changes.set(orderOf(key, this.#origin.key), nodes.get(key) !== undefined);
        yield;
      }
      known.order = yield* order.changing(changes);
    }
    if (hashes !== undefined) {
      const changes = new Map<string, boolean>();
      for (const { name, type, rrset } of edits) {
        if (type === Type.NSEC3)
          changes.set(orderOf(name.key, this.#origin.key), rrset !== undefined);
      }
      known.hashes = yield* hashes.changing(changes);
    }
    return new NameIndexes(this.#origin, nodes, known);
  }

  /** What sorts as the names do, or only those that have `type`. */
  *#orders(type?: number): Generator<string, void, void> {
    for (const [key, value] of this.#nodes.entries())
      if (type === undefined || toNode(value).get(type) !== undefined)
        yield orderOf(key, this.#origin.key);
  }
}
