import type { InfoKey } from './info.ts';

/**
 * One mutable object for each connection, datagram port and service, the same for all layers of a connection. It
 * follows the code that runs on behalf of it through awaits and timers: `currentContext()`. It lives as long as
 * anything refers to it, so keep what it holds small.
 */
export interface Context {
  /** Who it is, as reports name it: the protocol of a connection, the name of a service. Changes with the protocol. */
  label: string;
  /** The id of the connection; absent where there is none. */
  readonly connection?: number | undefined;
  /** What the application keeps with it: the user who logged in, the id of a request. */
  get<T>(key: InfoKey<T>): T | undefined;
  set<T>(key: InfoKey<T>, value: T): void;
}
