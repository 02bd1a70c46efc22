import type { ClientEndpoint } from '../contract/endpoint.ts';
import type { Factory, Incoming } from '../contract/factory.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { OperationOptions } from '../contract/tcp.ts';
import { Deferred } from '../deferred/deferred.ts';
import { withSignal } from '../deferred/with-signal.ts';
import { ConnectError, describeReason, HawserError } from '../errors.ts';

/** How {@link connectOver} goes on when the endpoint below is connected. */
export interface OverParts<P extends Protocol> extends OperationOptions {
  readonly reactor: Reactor;
  readonly inner: ClientEndpoint;
  readonly factory: Factory<P>;
  /** How errors name the endpoint; without passwords. */
  readonly where: string;
  /** The code of a connection that ends before `upper` has built a protocol. */
  readonly code: ConnectError['code'];
  /** What stands on the connection below, until `upper` builds the protocol on top. */
  between(upper: Factory<P>): Factory;
}

/**
 * Connects `inner` and does something on that connection, such as a handshake, before the protocol is there. Settles
 * after its `connectionMade`. Cancelling, at any point, aborts the connection below.
 * @throws ConnectError of `inner`; `code` if the connection ends too early, `HAWSER_REFUSED` if the factory refuses
 */
export function connectOver<P extends Protocol>(parts: OverParts<P>): Deferred<P> {
  const { reactor, inner, factory, where, code, signal } = parts;
  let under: Incoming | undefined;
  let watching: Disposable | undefined;
  const made = new Deferred<P>({ canceller: () => under?.abort(), where: 'connect' });
  const upper: Factory<P> = {
    name: factory.name,
    match: factory.match,
    acceptableProtocols: factory.acceptableProtocols,
    buildProtocol(incoming) {
      const protocol = factory.buildProtocol(incoming);
      if (protocol) {
        // Its `connectionMade` comes when this returns.
        reactor.clock.callSoon(() => {
          watching?.[Symbol.dispose]();
          made.resolve(protocol);
        });
      } else {
        const why = `Cannot connect to ${where}: the factory "${factory.name}" refused the connection`;
        made.reject(new ConnectError('HAWSER_REFUSED', why));
      }
      return protocol;
    },
  };
  const between = parts.between(upper);
  const below: Factory = {
    name: between.name,
    buildProtocol(incoming) {
      under = incoming;
      watching = incoming.onClose((reason) => {
        const cause = 'error' in reason ? reason.error : undefined;
        const why = cause instanceof HawserError ? cause.message : describeReason(reason);
        const failed = reason.kind === 'timeout' ? 'HAWSER_CONNECT_TIMEOUT' : code;
        made.reject(new ConnectError(failed, `Cannot connect to ${where}: ${why}`, { cause }));
      });
      return between.buildProtocol(incoming);
    },
  };
  return withSignal(
    inner.connect(reactor, below).addCallback(() => made),
    signal,
  );
}
