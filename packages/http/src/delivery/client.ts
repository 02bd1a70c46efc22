import type { InfoKey } from '@hawser/core';
import type { HttpContext } from '../contract/http-handler.ts';

/** Who sent a request, as far as it is known. */
export interface Client {
  /** An IP address in text form, without brackets; `undefined` for a peer on this machine that has none. */
  readonly address: string | undefined;
  /** How the client reached the first of our machines. */
  readonly scheme: 'http' | 'https';
  /** Whom the client asked for, where a trusted proxy says so. */
  readonly host: string | undefined;
}

/** What `trustProxy` found out. Read it by {@link clientOf}. */
export const CLIENT: InfoKey<Client> = { name: 'http client' };

/** Who sent the request: what trusted proxies say, and without `trustProxy` the peer of the connection. */
export function clientOf(context: Pick<HttpContext, 'info' | 'peer' | 'secure'>): Client {
  return context.info(CLIENT) ?? peerOf(context);
}

/** The peer of the connection. */
export function peerOf({ peer, secure }: Pick<HttpContext, 'peer' | 'secure'>): Client {
  return {
    address: 'host' in peer ? peer.host : undefined,
    scheme: secure ? 'https' : 'http',
    host: undefined,
  };
}
