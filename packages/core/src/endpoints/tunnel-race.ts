import { handOver } from '../connection/hand-over.ts';
import { connectHappily } from '../connection/happy-eyeballs.ts';
import type { Factory, Incoming } from '../contract/factory.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { ResolvedAddress } from '../contract/resolver.ts';
import type { OperationOptions } from '../contract/tcp.ts';
import type { Transport } from '../contract/transport.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { fail } from '../deferred/fail.ts';
import { ConnectError, HawserError, toError } from '../errors.ts';
import { capture } from './capture.ts';

/** A tunnel to one address, on its way. */
interface TunnelAttempt {
  readonly opening: Deferred<OpenTunnel>;
  /** Whether the proxy was asked for the address: a failure before that would be the same for every address. */
  readonly asked: () => boolean;
}

/** What {@link raceTunnels} needs to know. */
export interface TunnelRaceParts<P extends Protocol> extends OperationOptions {
  readonly reactor: Reactor;
  readonly host: string;
  readonly factory: Factory<P>;
  /** How errors name the endpoint; without passwords. */
  readonly where: string;
  readonly timeoutMs: number;
  /** Opens a tunnel to one address, and leaves it with a protocol of `park`. */
  attempt(address: ResolvedAddress, park: Factory<OpenTunnel>): TunnelAttempt;
}

/** An open tunnel that waits unread, so that only the one that wins gets a protocol of the factory. */
class OpenTunnel implements Protocol {
  readonly incoming: Incoming;
  transport: Transport | undefined;

  constructor(incoming: Incoming) {
    this.incoming = incoming;
  }

  connectionMade(transport: Transport): void {
    this.transport = transport;
    transport.pauseReading();
  }

  dataReceived(): void {}
}

const park: Factory<OpenTunnel> = {
  name: 'tunnel',
  buildProtocol: (incoming) => new OpenTunnel(incoming),
};

/**
 * Looks `host` up here and connects through a proxy to whichever of its addresses answers first, as `tcp` does without
 * one (RFC 8305). Once the proxy itself cannot be used, no further address is tried.
 * @throws ConnectError as {@link connectHappily}, `HAWSER_PROXY` if the proxy refused all addresses, `HAWSER_REFUSED`
 */
export function raceTunnels<P extends Protocol>(parts: TunnelRaceParts<P>): Deferred<P> {
  const { reactor, host, factory, where, timeoutMs, signal } = parts;
  let hopeless: Error | undefined;
  return connectHappily<OpenTunnel>({
    reactor,
    host,
    where,
    timeoutMs,
    signal,
    discard: ({ incoming }) => incoming.abort(),
    attempt(address) {
      if (hopeless) return fail(hopeless);
      const { opening, asked } = parts.attempt(address, park);
      return opening.addErrback((error) => {
        if (!asked()) hopeless = toError(error);
        // The race names the endpoint itself.
        const inner = error instanceof ConnectError && error.cause;
        throw inner instanceof HawserError ? inner : error;
      });
    },
  })
    .addErrback((error) => {
      if (hopeless) throw hopeless;
      if (!(error instanceof ConnectError) || error.code !== 'HAWSER_CONNECT') throw error;
      throw new ConnectError('HAWSER_PROXY', error.message, { cause: toError(error.cause) });
    })
    .addCallback((tunnel) => leave(tunnel, factory, where));
}

/** Gives an open tunnel to the protocol it was made for. */
function leave<P extends Protocol>(
  { incoming, transport }: OpenTunnel,
  factory: Factory<P>,
  where: string,
): P {
  if (!transport || transport.ending) {
    throw new ConnectError('HAWSER_PROXY', `Cannot connect to ${where}: the tunnel closed at once`);
  }
  const captured = capture(factory);
  handOver(transport, { incoming, factory: captured.factory });
  if (captured.built()) return captured.protocol();
  const why = `Cannot connect to ${where}: the factory "${factory.name}" refused the connection`;
  throw new ConnectError('HAWSER_REFUSED', why);
}
