import type { Address } from '@hawser/core';
import type { Eventually } from '../contract/handler.ts';
import type { Name } from '../name.ts';
import type { RRset } from '../zone/rrset.ts';

/** What a {@link LookupSource} is told besides the names. */
export interface LookupContext {
  readonly client: Address;
  /** Name of the key the query was signed with, if it was. */
  readonly tsigKey: Name | undefined;
  /** Aborted when the answer is not awaited any more. */
  readonly signal: AbortSignal;
}

/** Where a zone is that is too large for memory, or kept by somebody else. */
export interface LookupSource {
  /**
   * Everything these names hold, of all types, in any order; nothing for a name that does not exist. One call for a question,
   * as one query of a database: the name asked for, its ancestors up to the origin, and the wildcards they may have. More
   * only for the targets of aliases, name servers and the like.
   */
  find(names: readonly Name[], context: LookupContext): Eventually<Iterable<RRset>>;
  /**
   * True if there are names below one that holds nothing itself: it exists then (RFC 8020), and no wildcard further up
   * stands for it (RFC 4592 §2.2.2). Asked only of names that {@link find} has nothing for, and of few of those above them: at
   * most eight times for a name, however many labels it has. `() => false` will do where no name with data has one without
   * data above it.
   */
  below(name: Name, context: LookupContext): Eventually<boolean>;
}
