import type { Factory } from '../contract/factory.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { TcpConnectOptions } from '../contract/tcp.ts';
import type { TlsClientOptions } from '../contract/tls.ts';
import type { Transport } from '../contract/transport.ts';
import { Deferred } from '../deferred/deferred.ts';
import { withSignal } from '../deferred/with-signal.ts';
import { ConnectError, describeReason } from '../errors.ts';
import { SecuringProtocol } from '../layers/transform/securing-protocol.ts';

/** Where {@link connectTls} goes, how it is secured, and how errors name it. */
export interface TlsConnectParts {
  readonly place: TcpConnectOptions;
  readonly secured: TlsClientOptions;
  readonly where: string;
}

/** Connects by TCP, shakes hands, and settles after the `connectionMade` of the protocol on top. */
export function connectTls<P extends Protocol>(
  reactor: Reactor,
  factory: Factory<P>,
  { place, secured, where }: TlsConnectParts,
): Deferred<P> {
  let under: Transport | undefined;
  const made = new Deferred<P>({ canceller: () => under?.abort(), where: 'tls.connect' });
  const upper: Factory<P> = {
    name: factory.name,
    acceptableProtocols: factory.acceptableProtocols,
    buildProtocol(incoming) {
      const protocol = factory.buildProtocol(incoming);
      // `connectionMade` comes when this returns.
      if (protocol) reactor.clock.callSoon(() => made.resolve(protocol));
      else made.reject(refusal(where, factory.name));
      return protocol;
    },
  };
  const below: Factory = {
    name: `tls > ${factory.name}`,
    buildProtocol: () =>
      new SecuringProtocol((below) => below.reactor.tls.startClient(below, secured, upper)),
  };
  const { signal, ...peer } = place;
  const connected = reactor.tcp.connect(peer, below).addCallback((transport) => {
    under = transport;
    transport.onClose((reason) => {
      const why = `Cannot connect to ${where}: ${describeReason(reason)}`;
      const cause = 'error' in reason ? reason.error : undefined;
      made.reject(new ConnectError('HAWSER_TLS_HANDSHAKE', why, { cause }));
    });
    return made;
  });
  // Not only to the TCP connection: the handshake may be the longer part.
  return withSignal(connected, signal);
}

function refusal(where: string, name: string): ConnectError {
  const why = `Cannot connect to ${where}: the factory "${name}" refused the connection`;
  return new ConnectError('HAWSER_REFUSED', why);
}
