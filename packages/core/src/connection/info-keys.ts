import type { Address } from '../contract/address.ts';
import type { InfoKey } from '../contract/info.ts';
import type { TlsInfo } from '../contract/tls.ts';

/** What TLS agreed on; absent on a connection without it. */
export const TLS: InfoKey<TlsInfo> = { name: 'tls' };

/** Where the connection really comes from, on one whose `peer` a proxy reported; absent on every other. */
export const REAL_PEER: InfoKey<Address> = { name: 'real peer' };

/** The address the connection really arrived at, on one whose `local` a proxy reported; absent on every other. */
export const REAL_LOCAL: InfoKey<Address> = { name: 'real local' };
