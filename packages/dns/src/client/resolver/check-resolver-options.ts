import { usageError } from '../../errors.ts';
import { Name } from '../../name.ts';
import { toDnsServer } from '../dns-server.ts';
import type { DnsResolverOptions } from './dns-resolver-options.ts';

/**
 * Looks at what was not left to the files of the system.
 * @throws UsageError `HAWSER_DNS_OPTIONS`, `HAWSER_DNS_NAME` for a bad name in `search`
 */
export function checkResolverOptions(options: DnsResolverOptions): void {
  const { servers, search = [], ndots, maxEntries, maxTtl, maxNegativeTtl } = options;
  const nameless = servers?.map(toDnsServer).find(({ family }) => family === undefined);
  if (nameless !== undefined)
    throw mistake(`its servers must be given by IP address: ${nameless.text}`);
  if (servers?.length === 0) throw mistake('it has no servers');
  for (const [name, value] of Object.entries({ ndots, maxEntries, maxTtl, maxNegativeTtl })) {
    if (value === undefined || (Number.isFinite(value) && value >= 0)) continue;
    throw mistake(`${name} must be 0 or more: ${value}`);
  }
  for (const name of search) Name.parse(name);
}

function mistake(why: string): Error {
  return usageError('HAWSER_DNS_OPTIONS', `Cannot make a resolver as ${why}`);
}
