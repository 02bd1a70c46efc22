import {
  checkLimit,
  type Http1Limits,
  type Http1Options,
  toHttp1Limits,
} from '../server/http-options.ts';

/** Limits that only HTTP/2 needs. Each default is safe on the open internet. */
export interface Http2Options {
  /** Requests of one connection that are open at a time (RFC 9113 §5.1.2); more are refused. @defaultValue 100 */
  readonly maxConcurrentStreams?: number | undefined;
  /**
   * Requests a client may cancel, or lose by its own mistakes, in one `floodWindowMs`; then the connection is ended with
   * ENHANCE_YOUR_CALM (CVE-2023-44487). @defaultValue 200
   */
  readonly maxResets?: number | undefined;
  /** SETTINGS and PING frames of a client in one `floodWindowMs`. @defaultValue 100 */
  readonly maxControlFrames?: number | undefined;
  /** Frames of a client that carry nothing in one `floodWindowMs`. @defaultValue 1_000 */
  readonly maxEmptyFrames?: number | undefined;
  /** The time in which frames are counted. @defaultValue 10_000 */
  readonly floodWindowMs?: number | undefined;
  /** Most memory that the library keeps for one connection, in MiB. @defaultValue 10 */
  readonly maxSessionMemoryMiB?: number | undefined;
}

/** All limits of a connection with HTTP/2. */
export type Http2Limits = Http1Limits &
  Required<{ [K in keyof Http2Options]: NonNullable<Http2Options[K]> }>;

/**
 * The limits that HTTP/1 has as well, and those that only HTTP/2 has.
 *
 * @throws RangeError when a limit is not above 0
 */
export function toHttp2Limits(options: Http2Options, shared: Http1Options = {}): Http2Limits {
  const limits = {
    maxConcurrentStreams: options.maxConcurrentStreams ?? 100,
    maxResets: options.maxResets ?? 200,
    maxControlFrames: options.maxControlFrames ?? 100,
    maxEmptyFrames: options.maxEmptyFrames ?? 1_000,
    floodWindowMs: options.floodWindowMs ?? 10_000,
    maxSessionMemoryMiB: options.maxSessionMemoryMiB ?? 10,
  };
  for (const [name, value] of Object.entries(limits)) checkLimit(name, value);
  return { ...toHttp1Limits(shared), ...limits };
}
