import type { CodecLimits } from '../contract/codec.ts';
import { defaultCodecLimits } from '../wire/codec-limits.ts';
import type { HttpClientOptions } from './client-options.ts';
import type { MakeSession } from './connection-pool.ts';
import { Http1Session } from './http1-session.ts';
import { toHttp2ClientLimits } from './http2-client-options.ts';
import { Http2Session } from './http2-session.ts';
import type { IdleLimits } from './idle-deadline.ts';

const KNOWN: ReadonlySet<string> = new Set(['h2', 'http/1.1']);

/**
 * How a client with these options makes its sessions.
 * @throws RangeError when a limit makes no sense
 */
export function sessionMaker(
  options: Pick<HttpClientOptions, 'limits' | 'http2' | 'protocols'>,
  idle: () => IdleLimits,
): MakeSession {
  const { protocols = ['http/1.1'] } = options;
  if (protocols.length === 0 || !protocols.every((name) => KNOWN.has(name))) {
    const given = JSON.stringify(protocols);
    throw new RangeError(`Cannot ask as protocols must be of "h2" and "http/1.1": ${given}`);
  }
  const limits: CodecLimits = { ...defaultCodecLimits, ...options.limits };
  const http2 = toHttp2ClientLimits(options.http2);
  return (chosen, offered, owner) => {
    const fallsBack = offered.includes('http/1.1');
    // Nobody speaks HTTP/2 who has not said so, unless it is all that is wanted.
    return chosen === 'h2' || (chosen === undefined && !fallsBack)
      ? new Http2Session(owner, { ...idle(), limits, http2, fallsBack })
      : new Http1Session(owner, { ...idle(), limits });
  };
}
