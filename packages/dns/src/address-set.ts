import { AddressSet } from '@hawser/core';
import { usageError } from './errors.ts';

/**
 * The set of `entries`, networks and addresses.
 * @throws UsageError `HAWSER_DNS_OPTIONS` for one that is none, which names the option
 */
export function addressSet(entries: AddressSet | readonly string[], option: string): AddressSet {
  if (entries instanceof AddressSet) return entries;
  try {
    return new AddressSet(entries);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw usageError('HAWSER_DNS_OPTIONS', `Cannot use ${option}: ${why}`, { cause: error });
  }
}
