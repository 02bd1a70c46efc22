// Who asks: what cookies and signatures prove, and how many replies somebody may get who has proven nothing.
import type { Reactor } from '@hawser/core';
import { type Answer, codeAnswer } from '../contract/answer.ts';
import type { Message } from '../message/reader.ts';
import { Keyring } from '../tsig/keyring.ts';
import { verifyTsig } from '../tsig/verify.ts';
import { ServerCookies } from './cookies.ts';
import type { ResponderCounters } from './counters.ts';
import type { QueryContext, ReceivedQuery } from './query.ts';
import { checkRateLimit, type RateVerdict, ReplyRateLimiter } from './rate-limit.ts';
import { cookieOf, replyOptions } from './reply-options.ts';
import type { ResponderOptions } from './responder-options.ts';

/** Octets of a cookie that a client has made up, to ask for one of the server. */
const CLIENT_COOKIE_BYTES = 8;

/** Looks at queries before handlers do. */
export class Admission {
  readonly #options: ResponderOptions;
  readonly #counters: ResponderCounters;
  readonly #keyring: Keyring;
  readonly #nsid: Buffer | undefined;
  #cookies: ServerCookies | undefined;
  #rateLimit: ReplyRateLimiter | undefined;

  /** @throws UsageError `HAWSER_DNS_OPTIONS` for bad secrets or limits */
  constructor(options: ResponderOptions, counters: ResponderCounters) {
    const { keys = [], serverId, cookies, rateLimit } = options;
    this.#options = options;
    this.#counters = counters;
    this.#keyring = keys instanceof Keyring ? keys : new Keyring(keys);
    this.#nsid = serverId === undefined ? undefined : Buffer.from(serverId);
    if (cookies && cookies.secrets) this.#cookies = new ServerCookies(cookies.secrets, cookies);
    if (rateLimit) checkRateLimit(rateLimit);
  }

  /** Makes what needs randomness. */
  start({ random }: Reactor): void {
    const { cookies = {}, rateLimit = {} } = this.#options;
    if (cookies !== false) this.#cookies ??= new ServerCookies([random.bytes(16)], cookies);
    if (rateLimit !== false) this.#rateLimit ??= new ReplyRateLimiter(rateLimit, random);
  }

  /**
   * Notes what the EDNS options of `query` prove and ask for. False if it has a cookie that is not good: that may be one that is
   * asked for.
   */
  takeOptions(query: ReceivedQuery): boolean {
    if (!query.hasEdns) return true;
    const given = cookieOf(query);
    const nowSeconds = Math.floor(query.reactor.clock.epoch() / 1000);
    const verdict = given && this.#cookies?.check(given, query.client, nowSeconds);
    query.replyOptions = replyOptions(query, { nsid: this.#nsid, cookie: verdict?.reply });
    if (given === undefined || verdict === undefined) return true;
    if (verdict.proven) {
      this.#counters.cookiesVerified++;
      query.addressProven = true;
    } else if (given.length > CLIENT_COOKIE_BYTES) {
      this.#counters.cookiesFailed++;
    }
    return verdict.proven;
  }

  /** Notes who has signed `query`. False if its signature is not good. */
  verify(query: ReceivedQuery, message: Message): boolean {
    const nowSeconds = query.reactor.clock.epoch() / 1000;
    const signature = verifyTsig(message, { keyring: this.#keyring, nowSeconds });
    query.signature = signature;
    if (signature.kind === 'refused') return false;
    if (signature.kind === 'verified') {
      this.#counters.signaturesVerified++;
      query.tsigKey = signature.key.name;
    }
    return true;
  }

  /** True for a query that is signed with a key of which we have none by that name: it may be for somebody else. */
  isForeign({ signature }: ReceivedQuery): boolean {
    if (signature.kind !== 'refused' || signature.record === undefined) return false;
    return this.#keyring.get(signature.record.keyName) === undefined;
  }

  /** True for a query that is not to be answered before its client has proven its address. */
  mustProve({ addressProven, signature }: ReceivedQuery): boolean {
    return this.#cookies?.required === true && !addressProven && signature.kind !== 'verified';
  }

  /** What to do with `answer`. */
  judge({ addressProven, signature, client, reactor }: ReceivedQuery, answer: Answer): RateVerdict {
    if (this.#rateLimit === undefined || addressProven || signature.kind === 'verified') {
      return 'send';
    }
    const verdict = this.#rateLimit.judge(client, answer, reactor.clock);
    if (verdict === 'drop') this.#counters.rateDropped++;
    else if (verdict === 'slip') this.#counters.rateSlipped++;
    return verdict;
  }

  /** True for a reply without records that is to be dropped. One that may slip is as short as it can be. */
  isTooMany({ transport, client }: QueryContext, rcode: number, { clock }: Reactor): boolean {
    if (transport !== 'udp' || this.#rateLimit === undefined) return false;
    if (this.#rateLimit.judge(client, codeAnswer(rcode), clock) !== 'drop') return false;
    this.#counters.rateDropped++;
    return true;
  }
}
