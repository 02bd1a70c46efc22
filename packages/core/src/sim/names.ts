import { ipFamily } from '../connection/ip-literal.ts';
import type { Reports } from '../contract/reports.ts';
import type { LookupOptions, ResolvedAddress, Resolver } from '../contract/resolver.ts';
import { Deferred } from '../deferred/deferred.ts';
import { withSignal } from '../deferred/with-signal.ts';
import { ConnectError } from '../errors.ts';

/** The names of a simulated network: a table that everybody reads. */
export class Names {
  readonly #table = new Map<string, readonly ResolvedAddress[]>([
    ['localhost', [{ host: '127.0.0.1', family: 4 }]],
  ]);

  /** Makes `name` stand for `addresses`. Disposing it takes the name away again, if it still does. */
  set(name: string, addresses: readonly string[]): Disposable {
    const key = name.toLowerCase();
    const found = addresses.map((host): ResolvedAddress => {
      const family = ipFamily(host);
      if (!family) throw new RangeError(`Cannot name "${name}" as "${host}" is no IP address`);
      return { host, family };
    });
    this.#table.set(key, found);
    return {
      [Symbol.dispose]: () => {
        if (this.#table.get(key) === found) this.#table.delete(key);
      },
    };
  }

  get(name: string): readonly ResolvedAddress[] {
    const family = ipFamily(name);
    if (family) return [{ host: name, family }];
    return this.#table.get(name.toLowerCase()) ?? [];
  }

  /** A resolver over the table. It answers in a later turn. */
  resolver(later: (call: () => void) => void, reports: Reports): Resolver {
    return {
      lookup: (host: string, { family, signal }: LookupOptions = {}) => {
        const answer = new Deferred<readonly ResolvedAddress[]>({ reports, where: 'lookup' });
        later(() => {
          const found = this.get(host).filter((each) => !family || each.family === family);
          if (found.length > 0) answer.resolve(found);
          else answer.reject(unknown(host, family));
        });
        return withSignal(answer, signal);
      },
    };
  }
}

function unknown(host: string, family: number | undefined): ConnectError {
  const what = family ? `no IPv${family} address` : 'no address';
  return new ConnectError('HAWSER_RESOLVE', `Cannot resolve "${host}": the name has ${what}`);
}
