import type { RequestTimeouts } from '../client/client-options.ts';
import type { HttpClient } from '../client/http-client.ts';
import type { HttpContext } from '../contract/http-handler.ts';
import type { ForwardedStyle } from './forwarded-fields.ts';
import type { BalanceOptions } from './upstreams.ts';

/** Options for `reverseProxy`. */
export interface ReverseProxyOptions extends BalanceOptions {
  /** Makes the requests; close it yourself. @defaultValue one for each reactor, which ends with it */
  readonly client?: HttpClient | undefined;
  /** How the server is told who asked. @defaultValue 'x-forwarded' */
  readonly forwarded?: ForwardedStyle | undefined;
  /**
   * Whether the peer is a proxy whose own words about who asked are passed on. Those of others are dropped.
   * @defaultValue false
   */
  readonly trustForwarded?: boolean | ((context: HttpContext) => boolean) | undefined;
  /** Which Host the server is asked for: its own, or the one the peer asked for. @defaultValue 'upstream' */
  readonly host?: 'upstream' | 'peer' | undefined;
  /** What `Via` calls this proxy. @defaultValue 'hawser' */
  readonly via?: string | undefined;
  /** Longest waits for the server. @defaultValue those of the client */
  readonly timeouts?: RequestTimeouts | undefined;
  /**
   * Longest silence of the server before its answer, in milliseconds, that is borne for a peer which has ended its side:
   * it waits for the answer, or has left. With 0 it has left. @defaultValue 10_000
   */
  readonly halfClosedMs?: number | undefined;
  /** Octets of a request body; over it 413. @defaultValue Infinity, as nothing of it is kept */
  readonly maxBodyBytes?: number | undefined;
  /** How often a request goes to another server, if that is safe. @defaultValue 1 */
  readonly retries?: number | undefined;
  /** Pass on upgrades, such as to WebSocket. @defaultValue true */
  readonly upgrades?: boolean | undefined;
}
