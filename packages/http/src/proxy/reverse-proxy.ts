/** A reverse proxy (RFC 9110 §7): every message is read as strictly as by any server, and written anew. */
import type { Reactor } from '@hawser/core';
import { type HttpClient, httpClient } from '../client/http-client.ts';
import type { HttpContext, HttpHandler } from '../contract/http-handler.ts';
import { ProxiedRequest } from './proxied-request.ts';
import type { ReverseProxyOptions } from './reverse-proxy-options.ts';
import { stateOf, type Upstream, Upstreams } from './upstreams.ts';

/** Chooses the server of a request. */
export type UpstreamChoice = (
  request: Request,
  context: HttpContext,
) => string | URL | Upstream | Promise<string | URL | Upstream>;

/**
 * Hands requests on to another server, or one of several, and its answers back, both as they come: what the slower side
 * does not take stays in the socket of the other. The peer sees 502 when no server answers, 504 when it is too slow and
 * 503 when too many wait; and a request ends when its peer leaves. One that only ends its side is answered.
 *
 * @throws TypeError when a target is no URL
 * @example http(reverseProxy(['http://10.0.0.1:8080', 'http://10.0.0.2:8080'], { balance: 'least-busy' }))
 */
export function reverseProxy(
  target: string | URL | Upstream | readonly (string | URL | Upstream)[] | UpstreamChoice,
  options: ReverseProxyOptions = {},
): HttpHandler {
  const clients = new WeakMap<Reactor, HttpClient>();
  const upstreams =
    typeof target === 'function'
      ? undefined
      : new Upstreams(isList(target) ? target : [target], options);
  const clientOf = (reactor: Reactor): HttpClient => {
    const known = options.client ?? clients.get(reactor);
    if (known) return known;
    const made = httpClient(reactor);
    reactor.lifecycle.onPhase('stop', () => made.abort());
    clients.set(reactor, made);
    return made;
  };
  return async (request, context) => {
    const client = clientOf(context.reactor);
    const proxied = new ProxiedRequest(request, context, options);
    const refused = proxied.refusal();
    if (refused) return refused;
    if (typeof target === 'function')
      return proxied.send(client, stateOf(await target(request, context)));
    return proxied.sendToOneOf(client, upstreams as Upstreams);
  };
}

function isList(
  target: string | URL | Upstream | readonly (string | URL | Upstream)[],
): target is readonly (string | URL | Upstream)[] {
  return Array.isArray(target);
}
