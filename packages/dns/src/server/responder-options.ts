import type { Answer } from '../contract/answer.ts';
import type { DnsQuery } from '../contract/query.ts';
import type { TsigKey } from '../tsig/key.ts';
import type { Keyring } from '../tsig/keyring.ts';
import type { CookieOptions } from './cookies.ts';
import type { ServerIdentity } from './identity.ts';
import type { RateLimitOptions } from './rate-limit.ts';

/** A query that was answered, for a log. */
export interface AnsweredQuery {
  readonly query: DnsQuery;
  /** Extended codes included. */
  readonly rcode: number;
  /** Octets of the reply; 0 for one of many messages. */
  readonly bytes: number;
  readonly truncated: boolean;
}

/** Options for a `Responder`. */
export interface ResponderOptions extends ServerIdentity {
  /**
   * Largest UDP reply to a client that takes more than 512 octets. More than 1232 risks fragments that get lost.
   * @defaultValue 1232
   */
  readonly udpPayloadBytes?: number | undefined;
  /** Keys that requests may be signed with (RFC 8945). What a key may do, handlers decide. @defaultValue none */
  readonly keys?: Keyring | Iterable<TsigKey> | undefined;
  /** Cookies (RFC 7873), or false for none. @defaultValue made with a random secret, not required */
  readonly cookies?: CookieOptions | false | undefined;
  /** Limit of UDP replies to clients without a cookie or a signature, or false for none. @defaultValue 200 a second */
  readonly rateLimit?: RateLimitOptions | false | undefined;
  /**
   * Looks at each answer of the handlers before it is written, and gives that or another. Give a `shared` answer back as it is
   * where you can: another one is written anew. A throw is reported and answered with SERVFAIL.
   */
  readonly answering?: ((query: DnsQuery, answer: Answer) => Answer) | undefined;
  /** Hears of each query whose form is right, when its reply is ready. A throw is reported. */
  readonly answered?: ((answered: AnsweredQuery) => void) | undefined;
}
