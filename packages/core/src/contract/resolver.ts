import type { Deferred } from '../deferred/deferred.ts';
import type { OperationOptions } from './tcp.ts';

/** One answer of a {@link Resolver}. */
export interface ResolvedAddress {
  readonly host: string;
  readonly family: 4 | 6;
}

/** Names to addresses. */
export interface Resolver {
  /**
   * All addresses of `host`, best first; an IP address is its own answer.
   * @throws ConnectError `HAWSER_RESOLVE`
   */
  lookup(host: string, options?: OperationOptions): Deferred<readonly ResolvedAddress[]>;
}
