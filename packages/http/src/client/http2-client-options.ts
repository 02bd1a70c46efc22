import { checkLimit } from '../server/http-options.ts';

/** What a client says about HTTP/2. */
export interface Http2ClientOptions {
  /** Requests on one connection at a time, if the server takes as many. @defaultValue 100 */
  readonly maxConcurrentStreams?: number | undefined;
  /**
   * Octets of one response that may come before somebody takes them: what a reader that stalls costs in memory, and what
   * arrives in one round trip. @defaultValue 1_048_576
   */
  readonly streamWindowBytes?: number | undefined;
  /** Octets of all responses of a connection that may be on their way. @defaultValue 16_777_216 */
  readonly connectionWindowBytes?: number | undefined;
  /** Most memory that the library keeps for one connection, in MiB. @defaultValue 10 */
  readonly maxSessionMemoryMiB?: number | undefined;
}

/** {@link Http2ClientOptions} with their defaults. */
export type Http2ClientLimits = Required<{
  [K in keyof Http2ClientOptions]: NonNullable<Http2ClientOptions[K]>;
}>;

/** @throws RangeError when a limit makes no sense */
export function toHttp2ClientLimits(options: Http2ClientOptions = {}): Http2ClientLimits {
  const { maxConcurrentStreams = 100, streamWindowBytes = 1_048_576 } = options;
  const { connectionWindowBytes = 16_777_216, maxSessionMemoryMiB = 10 } = options;
  const limits = {
    maxConcurrentStreams,
    streamWindowBytes,
    connectionWindowBytes,
    maxSessionMemoryMiB,
  };
  for (const [name, value] of Object.entries(limits)) checkLimit(name, value);
  if (Math.max(streamWindowBytes, connectionWindowBytes) > 0x7fff_ffff) {
    throw new RangeError('Cannot speak HTTP/2 as a window must be below 2 GiB');
  }
  return limits;
}
