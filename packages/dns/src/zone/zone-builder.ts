// A zone made of RRsets that come a few at a time.
import { usageError } from '../errors.ts';
import { atOnce } from '../in-turns.ts';
import type { Name } from '../name.ts';
import { AddedContent } from './added-content.ts';
import { denialTypeOf } from './denial-proof.ts';
import { NameIndexes } from './name-indexes.ts';
import type { NodeMap } from './node-map.ts';
import type { RRset } from './rrset.ts';
import type { Zone } from './zone.ts';
import { nodesOf, type ZoneContent } from './zone-content.ts';
import { toNode } from './zone-node.ts';

/** A zone in the making, by `Zone.builder`. */
export interface ZoneBuilder {
  /** What there is of that name and type so far. */
  get(name: Name, type: number): RRset | undefined;
  /**
   * Adds an RRset, or replaces the one of that name and type.
   * @throws UsageError as `Zone.of`, and `HAWSER_DNS_ZONE` if the zone is made already
   */
  add(rrset: RRset): void;
  /** The zone, once, in one go. @throws UsageError as {@link add} */
  done(): Zone;
  /**
   * The same in steps, as the names of a signed zone are put in order first. What was gathered elsewhere, and checked there,
   * can be given as it is instead of being added: the zone is made of that alone then.
   */
  finishing(content?: ZoneContent): Generator<number | void, Zone, void>;
}

/** A builder of what `make` makes a zone of. */
export function zoneBuilder(
  origin: Name,
  make: (nodes: NodeMap, indexes?: NameIndexes) => Zone,
): ZoneBuilder {
  let added: AddedContent | undefined = new AddedContent(origin);
  const open = (): AddedContent => {
    if (added !== undefined) return added;
    throw usageError('HAWSER_DNS_ZONE', `Cannot build zone "${origin}" further as it is made`);
  };
  const close = (): AddedContent => {
    const content = open();
    added = undefined;
    content.check();
    return content;
  };
  return {
    get: (name, type) => open().get(name, type),
    add: (rrset) => open().add(rrset),
    done: () => make(atOnce(nodesOf(origin, close()))),
    *finishing(gathered) {
      const content = close();
      const nodes = yield* nodesOf(origin, gathered ?? content);
      const apex = nodes.get(origin.key);
      const indexes = new NameIndexes(origin, nodes);
      yield* indexes.denying(apex && denialTypeOf(toNode(apex)));
      return make(nodes, indexes);
    },
  };
}
