import { toFactory } from '../connection/factory.ts';
import type { ClientEndpoint, ServerEndpoint } from '../contract/endpoint.ts';
import type { Factory } from '../contract/factory.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { Tcp } from '../contract/tcp.ts';
import type { Transport } from '../contract/transport.ts';
import { fail } from '../deferred/fail.ts';
import { UsageError } from '../errors.ts';

/**
 * A reactor whose TCP goes through endpoints, so that what is written for TCP works over anything. Host and port of an
 * operation are ignored: the endpoint knows where to. Transports keep the reactor they came from.
 */
export function reactorOver(
  reactor: Reactor,
  endpoints: { readonly server?: ServerEndpoint; readonly client?: ClientEndpoint },
): Reactor {
  const { server, client } = endpoints;
  const { clock, random, unix, udp, tls, process, threads, resolver, lifecycle, reports } = reactor;
  const tcp: Tcp = {
    listen(options, factory) {
      if (!server) return fail(notAvailable('listen'), { reports, where: 'listen' });
      return server.listen(reactor, factory, { signal: options.signal });
    },
    connect(options, factory) {
      if (!client) return fail(notAvailable('connect'), { reports, where: 'connect' });
      const found = transportOf(toFactory(factory));
      return client
        .connect(reactor, found.factory, { signal: options.signal })
        .addCallback(() => found.transport());
    },
  };
  return { tcp, clock, random, unix, udp, tls, process, threads, resolver, lifecycle, reports };
}

/** A factory for one connection that lets the caller have its transport. */
function transportOf(inner: Factory): { factory: Factory; transport(): Transport } {
  let found: Transport | undefined;
  return {
    factory: {
      name: inner.name,
      match: inner.match,
      acceptableProtocols: inner.acceptableProtocols,
      buildProtocol(incoming) {
        const protocol = inner.buildProtocol(incoming);
        if (!protocol) return undefined;
        return {
          connectionMade(transport) {
            found = transport;
            transport.handTo(protocol);
          },
          // The protocol has been handed everything by now.
          dataReceived: () => undefined,
        };
      },
    },
    transport() {
      if (!found) throw new TypeError(`Cannot find the transport of "${inner.name}"`);
      return found;
    },
  };
}

function notAvailable(what: string): UsageError {
  return new UsageError(
    'HAWSER_NOT_AVAILABLE',
    `Cannot ${what} over an endpoint of the other side`,
  );
}
