import { networkInterfaces } from 'node:os';
import { usageError } from '../errors.ts';

/**
 * Every address of this machine with `port`, as {@link dnsService} takes it: `["127.0.0.1:53", "[::1]:53", …]`. On a machine with
 * several addresses a reply must leave from the one that was asked, which a socket bound to all of them (`":53"`) leaves to
 * the system. Addresses of one link only (`fe80::…`) are left out; those that come later are not noticed.
 * @throws UsageError `HAWSER_DNS_OPTIONS` for port 0, which would be another one at each address
 */
export function localAddresses(port: number): readonly string[] {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw usageError('HAWSER_DNS_OPTIONS', `Cannot listen on every address at port ${port}`);
  }
  return Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter(({ address }) => !address.startsWith('fe80:'))
    .map(({ address, family }) =>
      family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`,
    );
}
