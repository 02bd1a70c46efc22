import { lookup } from 'node:dns';
import { isIP } from 'node:net';
import type { Reports } from '../contract/reports.ts';
import type { LookupOptions, ResolvedAddress, Resolver } from '../contract/resolver.ts';
import { Deferred } from '../deferred/deferred.ts';
import { fail } from '../deferred/fail.ts';
import { succeed } from '../deferred/succeed.ts';
import { withSignal } from '../deferred/with-signal.ts';
import { ConnectError, toError } from '../errors.ts';

/**
 * Names as the operating system resolves them (hosts file, then DNS). The system cannot be told to stop: a lookup that
 * is cancelled settles at once, and its answer is dropped when it comes.
 */
export function nodeResolver(reports: Reports): Resolver {
  const unheard = { reports, where: 'lookup' };
  return {
    lookup(host: string, options: LookupOptions = {}): Deferred<readonly ResolvedAddress[]> {
      const { family, signal } = options;
      const literal = isIP(host);
      if (literal) {
        const address: ResolvedAddress = { host, family: literal === 4 ? 4 : 6 };
        if (!family || family === address.family) return succeed([address]);
        return fail(failure(host, `it is an IPv${literal} address`), unheard);
      }
      // Node takes the empty name for the unspecified address, with a warning.
      if (host === '') return fail(failure(host, 'it is no name'), unheard);
      const answer = new Deferred<readonly ResolvedAddress[]>(unheard);
      if (!signal?.aborted) ask(host, family, answer);
      return withSignal(answer, signal);
    },
  };
}

function ask(
  host: string,
  family: 4 | 6 | undefined,
  answer: Deferred<readonly ResolvedAddress[]>,
): void {
  try {
    lookup(host, { all: true, verbatim: true, family: family ?? 0 }, (error, found) => {
      if (error) answer.reject(failure(host, error.code ?? error.message, error));
      else if (found.length === 0) answer.reject(failure(host, 'it has no address'));
      else answer.resolve(found.map(toResolved));
    });
  } catch (thrown) {
    // Such as a name with a zero byte in it.
    const cause = toError(thrown);
    answer.reject(failure(host, cause.message, cause));
  }
}

function toResolved({ address, family }: { address: string; family: number }): ResolvedAddress {
  return { host: address, family: family === 4 ? 4 : 6 };
}

function failure(host: string, why: string, cause?: Error): ConnectError {
  return new ConnectError('HAWSER_RESOLVE', `Cannot resolve "${host}": ${why}`, { cause });
}
