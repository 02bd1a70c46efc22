import type { Deferred } from '../deferred/deferred.ts';
import type { OperationOptions } from './tcp.ts';

/** One answer of a {@link Resolver}. */
export interface ResolvedAddress {
  readonly host: string;
  readonly family: 4 | 6;
}

/** Options for {@link Resolver.lookup}. */
export interface LookupOptions extends OperationOptions {
  /** Ask for one family only, as a client does that races both (RFC 8305). @defaultValue both */
  readonly family?: 4 | 6 | undefined;
}

/** Names to addresses. */
export interface Resolver {
  /**
   * All addresses of `host`, best first; an IP address is its own answer. A name without an address of the family asked
   * for fails as an unknown one does.
   * @throws ConnectError `HAWSER_RESOLVE`
   */
  lookup(host: string, options?: LookupOptions): Deferred<readonly ResolvedAddress[]>;
}
