import {
  checkLimit,
  type Http1Limits,
  type Http1Options,
  toHttp1Limits,
} from '../server/http-options.ts';
import type { Http2Options } from './http2-options.ts';

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
