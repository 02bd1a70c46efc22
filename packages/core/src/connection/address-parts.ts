import type { Address } from '../contract/address.ts';

/** What a socket calls the host of an address, where it has one. */
export function hostOf(address: Address): string | undefined {
  return 'host' in address ? address.host : undefined;
}

/** Its port. */
export function portOf(address: Address): number | undefined {
  return 'port' in address ? address.port : undefined;
}

/** Its family, `IPv4` or `IPv6`. */
export function familyOf(address: Address): string | undefined {
  return 'family' in address ? `IPv${address.family}` : undefined;
}
