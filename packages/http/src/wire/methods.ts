// Methods (RFC 9110 §9). Only known ones are taken: what is left of a body that lost its framing, glued to the next
// request ("helloPOST / HTTP/1.1"), is a token too.
import type { Malformed } from '../contract/codec.ts';
import { malformed } from './malformed.ts';
import { octetFailure, SP, TOKEN } from './octets.ts';
import { words } from './words.ts';

/** The methods of the IANA registry, without `PRI` and `*`, which are there so that nobody uses them (RFC 9113 §11.3). */
export const registeredMethods: readonly string[] = words(`
  ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET HEAD LABEL LINK LOCK MERGE
  MKACTIVITY MKCALENDAR MKCOL MKREDIRECTREF MKWORKSPACE MOVE OPTIONS ORDERPATCH PATCH POST PROPFIND
  PROPPATCH PUT QUERY REBIND REPORT SEARCH TRACE UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE
  UPDATEREDIRECTREF VERSION-CONTROL
`);

/** Which methods a reader takes. */
export class Methods {
  readonly #known = new Map<string, string>();
  readonly #beginnings = new Set<string>();
  /** Octets of the longest one. */
  readonly longest: number;

  constructor(extra: readonly string[]) {
    let longest = 0;
    for (const method of [...registeredMethods, ...extra]) {
      this.#known.set(method, method);
      for (let end = 1; end <= method.length; end++) this.#beginnings.add(method.slice(0, end));
      longest = Math.max(longest, method.length);
    }
    this.longest = longest;
  }

  /** The registered methods and `extra`; made once for each list. */
  static of(extra: readonly string[]): Methods {
    if (extra.length === 0) return REGISTERED;
    const known = EXTENDED.get(extra);
    if (known !== undefined) return known;
    const methods = new Methods(extra);
    EXTENDED.set(extra, methods);
    return methods;
  }

  /** The one string for `method`, `undefined` for an unknown one. */
  find(method: string): string | undefined {
    return this.#known.get(method);
  }

  /**
   * Looks at as much of the method as is there, so that what cannot become a request (TLS, SSH) is refused at its first
   * octets. True once a known method and its space are there, false to wait for more.
   */
  check(text: string, start: number, end: number): boolean | Malformed {
    for (let at = start; at < end; at++) {
      const octet = text.charCodeAt(at);
      if (octet === SP) {
        if (at === start) return malformed('bad-request-line');
        return this.#known.has(text.slice(start, at)) || malformed('unknown-method');
      }
      if (TOKEN[octet] !== 1) return octetFailure(octet) ?? malformed('bad-request-line');
      if (!this.#beginnings.has(text.slice(start, at + 1))) return malformed('unknown-method');
    }
    return false;
  }
}

const REGISTERED = new Methods([]);
const EXTENDED = new WeakMap<readonly string[], Methods>();
