import type { UpgradeHandler } from './upgrade.ts';

/** Options for {@link http}. Each limit has a default that is safe on the open internet. */
export interface HttpOptions {
  /** Who takes the WebSocket upgrades of which path, such as `{ '/live': watchers.join }`. Any other path gets 404. */
  readonly websocket?: Readonly<Record<string, UpgradeHandler>> | undefined;
  /** Longest request line and headers together; over it 431. @defaultValue 16_384 */
  readonly maxHeadBytes?: number | undefined;
  /** Longest request body; over it 413, announced ones before they are read. @defaultValue 1_048_576 */
  readonly maxBodyBytes?: number | undefined;
  /**
   * Longest wait for a complete head; then 408, or just the end if nothing had come. On a kept-alive connection it
   * counts from when the first bytes are noticed, at most `keepAliveTimeoutMs` late. @defaultValue 15_000
   */
  readonly headTimeoutMs?: number | undefined;
  /** Longest wait for a complete body once the head is there; then 408. @defaultValue 300_000 */
  readonly requestTimeoutMs?: number | undefined;
  /** Longest a connection waits for its next request. @defaultValue 5_000 */
  readonly keepAliveTimeoutMs?: number | undefined;
  /**
   * Longest a peer may take nothing while bytes wait for it; noticed up to half as long after, and the connection is
   * aborted. A stream that has nothing to send may rest. @defaultValue 60_000
   */
  readonly sendTimeoutMs?: number | undefined;
}

/** The options with their defaults. */
export type HttpLimits = Required<{
  [K in keyof Omit<HttpOptions, 'websocket'>]: NonNullable<HttpOptions[K]>;
}>;

/** @throws RangeError when a limit is not above 0 */
export function toLimits(options: HttpOptions): HttpLimits {
  const limits: HttpLimits = {
    maxHeadBytes: options.maxHeadBytes ?? 16_384,
    maxBodyBytes: options.maxBodyBytes ?? 1_048_576,
    headTimeoutMs: options.headTimeoutMs ?? 15_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 300_000,
    keepAliveTimeoutMs: options.keepAliveTimeoutMs ?? 5_000,
    sendTimeoutMs: options.sendTimeoutMs ?? 60_000,
  };
  for (const [name, value] of Object.entries(limits)) {
    if (!(value > 0)) {
      throw new RangeError(`Cannot serve http as ${name} must be > 0: current value is ${value}`);
    }
  }
  return limits;
}
