import { clientAddress, type TrustedProxies } from '../http/client-address.ts';
import type { HttpUpdateHandler } from '../http/http-context.ts';
import { textReply } from '../http/reply.ts';

/** Options for {@link checkIp}. */
export interface CheckIpOptions {
  /** Proxies that are believed when they say who the client is. @defaultValue none */
  readonly trustedProxies?: TrustedProxies | undefined;
}

/**
 * A handler that tells clients their address, for `/ip`. On a listener that has only IPv4, or only IPv6, it tells the one of
 * that family.
 */
export function checkIp(options: CheckIpOptions = {}): HttpUpdateHandler {
  const addressOf = clientAddress(options.trustedProxies);
  return async (request, context) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return textReply('Method not allowed', { status: 405, headers: { allow: 'GET, HEAD' } });
    }
    return textReply(addressOf(request, context) ?? 'unknown');
  };
}
