import type { Factory } from '../contract/factory.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { TcpConnectOptions } from '../contract/tcp.ts';
import type { TlsClientOptions, TlsSession } from '../contract/tls.ts';
import type { Transport } from '../contract/transport.ts';
import { Deferred } from '../deferred/deferred.ts';
import { ConnectError, describeReason } from '../errors.ts';

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
    buildProtocol: () => new Handshake(secured, upper),
  };
  return reactor.tcp.connect(place, below).addCallback((transport) => {
    under = transport;
    transport.onClose((reason) => {
      const why = `Cannot connect to ${where}: ${describeReason(reason)}`;
      const cause = 'error' in reason ? reason.error : undefined;
      made.reject(new ConnectError('HAWSER_TLS_HANDSHAKE', why, { cause }));
    });
    return made;
  });
}

function refusal(where: string, name: string): ConnectError {
  const why = `Cannot connect to ${where}: the factory "${name}" refused the connection`;
  return new ConnectError('HAWSER_REFUSED', why);
}

/** What stands on the connection below TLS. */
class Handshake implements Protocol {
  readonly #options: TlsClientOptions;
  readonly #upper: Factory;
  #session: TlsSession | undefined;

  constructor(options: TlsClientOptions, upper: Factory) {
    this.#options = options;
    this.#upper = upper;
  }

  connectionMade(transport: Transport): void {
    this.#session = transport.reactor.tls.startClient(transport, this.#options, this.#upper);
  }

  // The session has taken the bytes over by now.
  dataReceived(): void {}

  drainRequested(deadline: number): void {
    this.#session?.drainRequested(deadline);
  }
}
