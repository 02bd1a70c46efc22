/** Options for {@link webSocket}. Each limit has a default that is safe on the open internet. */
export interface WebSocketOptions {
  /** Longest message, in bytes; a longer one ends the session with 1009. @defaultValue 1_048_576 */
  readonly maxPayload?: number | undefined;
  /**
   * Bytes that may wait for a slow peer; over it the session ends with 1013. A single message may be longer. So much may
   * also wait for a slow handler, besides one message of any length. @defaultValue 1_048_576
   */
  readonly maxBufferedBytes?: number | undefined;
  /** A peer that was silent for so long is asked for a sign of life. @defaultValue 30_000 */
  readonly pingIntervalMs?: number | undefined;
  /** Longest wait for that sign; then the connection is aborted. @defaultValue 10_000 */
  readonly pongTimeoutMs?: number | undefined;
  /** Longest wait for the peer's half of the close handshake. @defaultValue 10_000 */
  readonly closeTimeoutMs?: number | undefined;
  /**
   * Which web pages may connect: those of the `same` host, those of the listed origins such as
   * `https://example.net`, or `any`. Clients that name no origin are no browsers and may always. @defaultValue 'same'
   */
  readonly origins?: 'same' | 'any' | readonly string[] | undefined;
  /** Subprotocols this side speaks, best first. @defaultValue none */
  readonly protocols?: readonly string[] | undefined;
  /** Compress messages (RFC 7692); costs 200 KiB a session. @defaultValue false */
  readonly deflate?: boolean | undefined;
}

/** The options with their defaults. */
export type WebSocketSettings = Required<{
  [K in keyof WebSocketOptions]: NonNullable<WebSocketOptions[K]>;
}>;

/** @throws RangeError when a limit is not above 0 */
export function toSettings(options: WebSocketOptions): WebSocketSettings {
  const settings: WebSocketSettings = {
    maxPayload: options.maxPayload ?? 1_048_576,
    maxBufferedBytes: options.maxBufferedBytes ?? 1_048_576,
    pingIntervalMs: options.pingIntervalMs ?? 30_000,
    pongTimeoutMs: options.pongTimeoutMs ?? 10_000,
    closeTimeoutMs: options.closeTimeoutMs ?? 10_000,
    origins: options.origins ?? 'same',
    protocols: options.protocols ?? [],
    deflate: options.deflate ?? false,
  };
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value === 'number') checkLimit(name, value);
  }
  return settings;
}

/** @throws RangeError when a limit is not above 0 */
export function checkLimit(name: string, value: number): void {
  if (value > 0) return;
  throw new RangeError(`Cannot serve WebSockets as ${name} must be > 0: current value is ${value}`);
}
