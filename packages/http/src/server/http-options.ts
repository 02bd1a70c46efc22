import type { Http2Options } from '../http2/http2-options.ts';
import { isToken } from '../wire/octets.ts';
import { UPGRADE_TIMEOUT_MS } from './expect-answer.ts';
import type { UpgradeHandler } from './upgrade.ts';

/** Options for {@link http}. Each limit has a default that is safe on the open internet. */
export interface HttpOptions extends Http1Options {
  /**
   * Longest request body that is collected whole, as `text()` and `json()` do; over it 413, announced ones before they
   * are read. A body that is read as a stream may be of any length. @defaultValue 1_048_576
   */
  readonly maxBodyBytes?: number | undefined;
  /** Limits that only HTTP/2 has; `false` to speak HTTP/1 alone. @defaultValue spoken, with the defaults */
  readonly http2?: false | Http2Options | undefined;
}

/** Options for {@link http1}. */
export interface Http1Options {
  /** Who takes the WebSocket upgrades of which path, such as `{ '/live': watchers.join }`. Any other path gets 404. */
  readonly websocket?: Readonly<Record<string, UpgradeHandler>> | undefined;
  /** Longest a handler of `websocket` may let its peer wait for anything; then the connection is aborted. @defaultValue 15_000 */
  readonly upgradeTimeoutMs?: number | undefined;
  /**
   * Connections of this factory that may be open at a time, upgraded ones included; more are refused by a reset. For
   * clients that wait instead, or a limit of several factories together, set it to `Infinity` and put the layer
   * `maxConnections` of the core in front. Where both are, both count. @defaultValue 10_000
   */
  readonly maxConnections?: number | undefined;
  /** Longest request line and headers together, in octets; over it 431. @defaultValue 16_384 */
  readonly maxHeadBytes?: number | undefined;
  /** Most header lines of a request; over it 431. @defaultValue 100 */
  readonly maxFields?: number | undefined;
  /** Longest target of a request, in octets; over it 414. @defaultValue 8_192 */
  readonly maxTargetBytes?: number | undefined;
  /** Methods that are accepted beside the registered ones; any other gets 501. @defaultValue none */
  readonly extraMethods?: readonly string[] | undefined;
  /**
   * Longest wait for a complete head, from its first byte, or from the start of a connection; then 408, or just the end
   * if nothing had come. @defaultValue 15_000
   */
  readonly headTimeoutMs?: number | undefined;
  /** Longest wait for a complete body once the head is there; then 408. @defaultValue 300_000 */
  readonly requestTimeoutMs?: number | undefined;
  /**
   * Octets a second that a body must have on average after its first ten seconds, while somebody waits for it; below it
   * 408. @defaultValue 240
   */
  readonly minBodyRate?: number | undefined;
  /** Longest a connection waits for its next request. @defaultValue 5_000 */
  readonly keepAliveTimeoutMs?: number | undefined;
  /**
   * Longest a peer may take nothing while bytes wait for it; noticed up to half as long and a second after, and the
   * connection is aborted. A system that takes large steps for a slow peer is asked, where it tells (Linux), how much the
   * peer has of them. A stream that has nothing to send may rest. @defaultValue 60_000
   */
  readonly sendTimeoutMs?: number | undefined;
  /**
   * Octets a second that a peer must take on average in each `sendTimeoutMs` in which bytes wait for it all the time; below
   * it the connection is aborted. How fast a handler writes does not matter. @defaultValue 240
   */
  readonly minSendRate?: number | undefined;
  /**
   * Longest from the head of a request to the end of its answer. Then an answer that has not begun is 503, and one that
   * has is cut off. @defaultValue Infinity, as some answers never end
   */
  readonly maxExchangeMs?: number | undefined;
  /** Requests after which a connection is closed. @defaultValue Infinity */
  readonly maxRequestsPerConnection?: number | undefined;
}

/** What {@link http1} has to keep an eye on in each connection, with the defaults. */
export type Http1Limits = Required<{
  [K in keyof Omit<Http1Options, 'websocket' | 'maxConnections'>]: NonNullable<Http1Options[K]>;
}>;

/** @throws RangeError when a limit is not above 0, or a method is no token */
export function toHttp1Limits(options: Http1Options): Http1Limits {
  const limits: Http1Limits = {
    maxHeadBytes: options.maxHeadBytes ?? 16_384,
    maxFields: options.maxFields ?? 100,
    maxTargetBytes: options.maxTargetBytes ?? 8_192,
    extraMethods: options.extraMethods ?? [],
    upgradeTimeoutMs: options.upgradeTimeoutMs ?? UPGRADE_TIMEOUT_MS,
    headTimeoutMs: options.headTimeoutMs ?? 15_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 300_000,
    minBodyRate: options.minBodyRate ?? 240,
    keepAliveTimeoutMs: options.keepAliveTimeoutMs ?? 5_000,
    sendTimeoutMs: options.sendTimeoutMs ?? 60_000,
    minSendRate: options.minSendRate ?? 240,
    maxExchangeMs: options.maxExchangeMs ?? Number.POSITIVE_INFINITY,
    maxRequestsPerConnection: options.maxRequestsPerConnection ?? Number.POSITIVE_INFINITY,
  };
  const { extraMethods, ...numbers } = limits;
  for (const [name, value] of Object.entries(numbers)) checkLimit(name, value);
  for (const method of extraMethods) {
    if (isToken(method)) continue;
    throw new RangeError(`Cannot serve http as a method must be a token: '${method}'`);
  }
  return limits;
}

/** @throws RangeError when `value` is no number above 0 */
export function checkLimit(name: string, value: unknown): void {
  if (typeof value === 'number' && value > 0) return;
  throw new RangeError(`Cannot serve http as ${name} must be > 0: current value is ${value}`);
}
