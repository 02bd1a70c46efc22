import type { ClientEndpoint, ServerEndpoint } from '../contract/endpoint.ts';
import type { FactoryLike } from '../contract/factory.ts';
import type { Port } from '../contract/port.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { OperationOptions, UnixConnectOptions, UnixListenOptions } from '../contract/tcp.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { badEndpoint } from './bad-endpoint.ts';
import { connectProtocol } from './capture.ts';
import { decode, type EndpointText, escape, formatOptions, readOptions } from './endpoint-text.ts';
import { boolean, integer, type OptionKinds, octal } from './option-kind.ts';

/** What an endpoint says about listening; the signal belongs to the call. */
export type UnixServerPlace = Omit<UnixListenOptions, 'signal'>;
/** What an endpoint says about connecting; the signal belongs to the call. */
export type UnixClientPlace = Omit<UnixConnectOptions, 'signal'>;

const SHARED = { maxPendingBytes: integer(1), autoCork: boolean };
/** The options a Unix server endpoint may carry as text. */
export const UNIX_SERVER_OPTIONS: OptionKinds<Omit<UnixServerPlace, 'path' | 'fd'>> = {
  mode: octal,
  backlog: integer(1, 65_535),
  ...SHARED,
};
/** The options a Unix client endpoint may carry as text. */
export const UNIX_CLIENT_OPTIONS: OptionKinds<Omit<UnixClientPlace, 'path' | 'fd'>> = {
  timeoutMs: integer(1),
  ...SHARED,
};

/** Listens on a Unix domain socket. `unix:/run/app.sock?mode=660`. */
export class UnixServerEndpoint implements ServerEndpoint {
  readonly place: UnixServerPlace;

  constructor(place: UnixServerPlace) {
    this.place = place;
  }

  listen(reactor: Reactor, factory: FactoryLike, options: OperationOptions = {}): Deferred<Port> {
    return reactor.unix.listen({ ...this.place, signal: options.signal }, factory);
  }

  toString(): string {
    return `unix:${escape(this.place.path)}${formatOptions(this.place, UNIX_SERVER_OPTIONS)}`;
  }
}

/** Connects to a Unix domain socket. `unix:/run/app.sock`. */
export class UnixClientEndpoint implements ClientEndpoint {
  readonly place: UnixClientPlace;

  constructor(place: UnixClientPlace) {
    this.place = place;
  }

  connect<P extends Protocol>(
    reactor: Reactor,
    factory: FactoryLike<P>,
    options: OperationOptions = {},
  ): Deferred<P> {
    const place = { ...this.place, signal: options.signal };
    return connectProtocol(factory, (captured) => reactor.unix.connect(place, captured));
  }

  toString(): string {
    return `unix:${escape(this.place.path)}${formatOptions(this.place, UNIX_CLIENT_OPTIONS)}`;
  }
}

/** Reads `unix:path` to listen on. */
export function parseUnixServer(parts: EndpointText): UnixServerEndpoint {
  return new UnixServerEndpoint({
    path: readPath(parts),
    ...readOptions(parts, UNIX_SERVER_OPTIONS),
  });
}

/** Reads `unix:path` to connect to. */
export function parseUnixClient(parts: EndpointText): UnixClientEndpoint {
  return new UnixClientEndpoint({
    path: readPath(parts),
    ...readOptions(parts, UNIX_CLIENT_OPTIONS),
  });
}

function readPath({ text, place }: EndpointText): string {
  // `unix:///run/app.sock` is how URLs write it; one slash is enough for the system.
  const path = decode(text, 'path', place).replace(/^\/{2,}/, '/');
  if (path === '') throw badEndpoint(text, 'path is missing: write unix:/run/app.sock');
  if (path.includes('\0')) throw badEndpoint(text, 'path must not contain a zero byte');
  return path;
}
