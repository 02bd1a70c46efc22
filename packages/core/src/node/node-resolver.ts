import { lookup } from 'node:dns';
import { isIP } from 'node:net';
import type { ResolvedAddress, Resolver } from '../contract/resolver.ts';
import type { OperationOptions } from '../contract/tcp.ts';
import { Deferred } from '../deferred/deferred.ts';
import { withSignal } from '../deferred/with-signal.ts';
import { ConnectError } from '../errors.ts';

/** Names as the operating system resolves them (hosts file, then DNS). */
export const nodeResolver: Resolver = {
  lookup(host: string, options: OperationOptions = {}): Deferred<readonly ResolvedAddress[]> {
    const answer = new Deferred<readonly ResolvedAddress[]>();
    const literal = isIP(host);
    if (literal) {
      answer.resolve([{ host, family: literal === 4 ? 4 : 6 }]);
      return answer;
    }
    lookup(host, { all: true, verbatim: true }, (error, found) => {
      if (error) {
        answer.reject(
          new ConnectError('HAWSER_RESOLVE', `Cannot resolve "${host}": ${error.code}`, {
            cause: error,
          }),
        );
        return;
      }
      answer.resolve(
        found.map(({ address, family }) => ({ host: address, family: family === 4 ? 4 : 6 })),
      );
    });
    return withSignal(answer, options.signal);
  },
};
