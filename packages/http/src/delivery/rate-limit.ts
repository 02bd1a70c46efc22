import type { Answer, HttpContext } from '../contract/http-handler.ts';
import type { Middleware } from '../contract/middleware.ts';
import { HttpError } from '../http-error.ts';
import { editHeaders } from '../middleware/edit-response.ts';
import { isLater, whenThere } from '../routing/now-or-later.ts';
import { clientOf } from './client.ts';
import { ipNetworks, type NetworkBits } from './ip-network.ts';
import {
  MemoryRateStore,
  type RateLimitStore,
  type RateQuota,
  type RateVerdict,
} from './rate-limit-store.ts';

/** Options for {@link rateLimit}. */
export interface RateLimitOptions extends NetworkBits {
  /** As many may come at once, and in the long run in each window. */
  readonly limit: number;
  /** @defaultValue 60_000 */
  readonly windowMs?: number | undefined;
  /** Who shares a bucket; `undefined` is not limited. @defaultValue the network of `clientOf(context)` */
  readonly key?: ((request: Request, context: HttpContext) => string | undefined) | undefined;
  /**
   * Which statuses count, such as `(status) => status === 401` against those who guess passwords. A request takes its
   * token when it comes, and has it back with an answer that does not count, if the store can do that.
   * @defaultValue all
   */
  readonly counts?: ((status: number) => boolean) | undefined;
  /** Tells peers where they stand: `RateLimit` and `RateLimit-Policy`. @defaultValue true */
  readonly headers?: boolean | undefined;
  /** Keys to remember; the one not heard of for longest is forgotten first. @defaultValue 10_000 */
  readonly maxKeys?: number | undefined;
  /** Where to count. @defaultValue in this process */
  readonly store?: RateLimitStore | undefined;
}

/**
 * Answers requests that come too fast with 429 and `Retry-After` (RFC 6585 §4): each client has a bucket of `limit` tokens
 * that fills up evenly in `windowMs`. Clients are told by the fields of draft-ietf-httpapi-ratelimit-headers-07. One value
 * used in several places is one limit for all of them.
 *
 * Behind a proxy put `trustProxy` in front of it, or all clients share the bucket of the proxy. Peers without an IP
 * address, on this machine, are not limited.
 *
 * @throws RangeError if `limit`, `windowMs`, `maxKeys` or a prefix makes no sense
 */
export function rateLimit(options: RateLimitOptions): Middleware {
  const { limit, windowMs = 60_000, headers = true, counts } = options;
  if (!Number.isInteger(limit) || limit < 1 || !(windowMs > 0)) {
    throw new RangeError(
      `Cannot limit a rate as limit must be a whole number > 0 and windowMs > 0: ${limit}, ${windowMs}`,
    );
  }
  const { key = keyByNetwork(options), store = new MemoryRateStore(options.maxKeys) } = options;
  const quota: RateQuota = { limit, windowMs };
  return (request, next, context) => {
    const name = key(request, context);
    if (name === undefined) return next();
    const judge = (verdict: RateVerdict): Answer => {
      const fields = headers ? fieldsOf(quota, verdict) : {};
      if (!verdict.allowed) throw tooMany(verdict, fields);
      const answer = counts
        ? onStatus(next, (status) => {
            if (!counts(status)) giveBack(store, { name, quota, context });
          })
        : next();
      return headers ? whenThere(answer, (response) => told(response, fields)) : answer;
    };
    const verdict = ask(store, { name, quota, context });
    return whenThere(verdict, judge);
  };
}

function keyByNetwork(
  bits: NetworkBits,
): (request: Request, context: HttpContext) => string | undefined {
  const networkOf = ipNetworks(bits);
  return (_request, context) => {
    const { address } = clientOf(context);
    return address === undefined ? undefined : networkOf(address);
  };
}

interface Question {
  readonly name: string;
  readonly quota: RateQuota;
  readonly context: HttpContext;
}

/** A store that is out of order lets everybody pass. */
function ask(
  store: RateLimitStore,
  { name, quota, context }: Question,
): RateVerdict | Promise<RateVerdict> {
  const { clock, reports } = context.reactor;
  const passed = (error: unknown): RateVerdict => {
    reports.problem('http.rateLimit', error);
    return { allowed: true, remaining: quota.limit, retryAfterMs: 0, resetMs: 0 };
  };
  try {
    const verdict = store.take(name, quota, clock.now());
    return isLater(verdict) ? Promise.resolve(verdict).catch(passed) : verdict;
  } catch (error) {
    return passed(error);
  }
}

function giveBack(store: RateLimitStore, { name, quota, context }: Question): void {
  const failed = (error: unknown): void => context.reactor.reports.problem('http.rateLimit', error);
  try {
    void Promise.resolve(store.giveBack?.(name, quota)).catch(failed);
  } catch (error) {
    failed(error);
  }
}

/** Calls `heard` with the status of the answer, also of one that is thrown. */
function onStatus(next: () => Answer, heard: (status: number) => void): Answer {
  const failed = (error: unknown): never => {
    heard(error instanceof HttpError ? error.status : 500);
    throw error;
  };
  const answered = (response: Response): Response => {
    heard(response.status);
    return response;
  };
  let answer: Answer;
  try {
    answer = next();
  } catch (error) {
    return failed(error);
  }
  return isLater(answer) ? answer.then(answered, failed) : answered(answer);
}

function fieldsOf(
  { limit, windowMs }: RateQuota,
  { remaining, resetMs }: RateVerdict,
): Record<string, string> {
  return {
    ratelimit: `limit=${limit}, remaining=${remaining}, reset=${Math.ceil(resetMs / 1000)}`,
    'ratelimit-policy': `${limit};w=${Math.ceil(windowMs / 1000)}`,
  };
}

function tooMany({ retryAfterMs }: RateVerdict, fields: Record<string, string>): HttpError {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  return new HttpError(429, 'Cannot answer as requests come too fast', {
    headers: { ...fields, 'retry-after': String(seconds) },
  });
}

function told(response: Response, fields: Record<string, string>): Response {
  return editHeaders(response, (headers) => {
    for (const [name, value] of Object.entries(fields)) headers.set(name, value);
  });
}
