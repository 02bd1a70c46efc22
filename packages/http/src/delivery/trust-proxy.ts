import { type Address, AddressSet } from '@hawser/core';
import type { HttpContext } from '../contract/http-handler.ts';
import type { Middleware } from '../contract/middleware.ts';
import { HttpError } from '../http-error.ts';
import { CLIENT, type Client, peerOf } from './client.ts';
import { type ForwardedHop, nodeAddress, parseForwarded, parseXForwarded } from './forwarded.ts';
import { normalIp } from './ip-network.ts';

/** Options for {@link trustProxy}. */
export interface TrustProxyOptions {
  /** The proxies: networks such as `'10.0.0.0/8'`, addresses, `'unix'` for every Unix socket. */
  readonly trusted: Iterable<string> | AddressSet;
  /**
   * What your proxies write. Only the one: a proxy that writes the one passes the other on as the client wrote it. For
   * the same reason they should set or delete `x-forwarded-proto` and `x-forwarded-host` where you rely on these.
   * @defaultValue `'x-forwarded-for'`, with `x-forwarded-proto` and `x-forwarded-host`
   */
  readonly field?: 'x-forwarded-for' | 'forwarded' | undefined;
}

/** More hops than that are not followed. */
const MAX_HOPS = 32;
const MAX_HOST = 255;

/**
 * Finds out who the client is when the peer is a proxy: `clientOf(context)` gives its address, scheme and host from then
 * on. Hops are followed from the near end for as long as the one that speaks is trusted, so that what a client has
 * written itself is never believed. What is no IP address, such as `unknown` or `_hidden`, ends the way as well. A
 * `Forwarded` field that is not in order is answered with 400: a client who breaks it would pass for the proxy.
 *
 * For the PROXY protocol this is not needed: `proxyProtocol` of the core changes `context.peer`.
 *
 * @throws RangeError if an entry is no address or network
 */
export function trustProxy(options: TrustProxyOptions): Middleware {
  const { field = 'x-forwarded-for' } = options;
  const trusted =
    options.trusted instanceof AddressSet ? options.trusted : new AddressSet(options.trusted);
  return (request, next, context) => {
    if (trusted.has(context.peer)) {
      const hops =
        field === 'forwarded' ? forwardedHops(request) : parseXForwarded(request.headers);
      if (hops.length > 0) context.provide(CLIENT, follow(hops, context, trusted));
    }
    return next();
  };
}

function forwardedHops({ headers }: Request): readonly ForwardedHop[] {
  const hops = parseForwarded(headers.get('forwarded') ?? '');
  if (hops) return hops;
  throw new HttpError(400, 'Cannot tell who the client is as Forwarded is not in order');
}

function follow(
  hops: readonly ForwardedHop[],
  context: Pick<HttpContext, 'peer' | 'secure'>,
  trusted: AddressSet,
): Client {
  let client = peerOf(context);
  let speaker: Address = context.peer;
  for (const hop of hops.toReversed().slice(0, MAX_HOPS)) {
    if (!trusted.has(speaker)) break;
    const address = hop.for === undefined ? undefined : normalIp(nodeAddress(hop.for));
    client = {
      address: address ?? client.address,
      scheme: schemeOf(hop.proto) ?? client.scheme,
      host: hostOf(hop.host) ?? client.host,
    };
    if (address === undefined) break;
    speaker = { kind: 'tcp', host: address, port: 0, family: address.includes(':') ? 6 : 4 };
  }
  return client;
}

function schemeOf(proto: string | undefined): 'http' | 'https' | undefined {
  const text = proto?.toLowerCase();
  return text === 'http' || text === 'https' ? text : undefined;
}

/** Only what can be a host and port: it may end in links. */
function hostOf(host: string | undefined): string | undefined {
  if (host === undefined || host.length > MAX_HOST) return undefined;
  return /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(host) ? host : undefined;
}
