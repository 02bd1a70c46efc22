import type { InfoKey } from '../contract/info.ts';
import type { TlsInfo } from '../contract/tls.ts';

/** What TLS agreed on; absent on a connection without it. */
export const TLS: InfoKey<TlsInfo> = { name: 'tls' };
