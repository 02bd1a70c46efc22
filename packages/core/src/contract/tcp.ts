import type { Deferred } from '../deferred/deferred.ts';
import type { FactoryLike } from './factory.ts';
import type { Port } from './port.ts';
import type { Transport } from './transport.ts';

/** What every operation that takes time accepts. */
export interface OperationOptions {
  /** Cancels the operation when aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** Options that all stream sockets share. */
export interface StreamOptions extends OperationOptions {
  /** A connection with more bytes than this waiting to be sent is aborted. @defaultValue 16_777_216 */
  readonly maxPendingBytes?: number | undefined;
  /** Join the writes of one callback. @defaultValue true */
  readonly autoCork?: boolean | undefined;
}

/** Options for {@link Tcp.listen}. */
export interface TcpListenOptions extends StreamOptions {
  /** IP address to bind. Without it, all addresses of both families. */
  readonly host?: string | undefined;
  /** 0 picks a free port. */
  readonly port: number;
  /** A descriptor that listens already, adopted instead of binding `host` and `port`. */
  readonly fd?: number | undefined;
  /** Length of the queue of connections not yet accepted. @defaultValue 511 */
  readonly backlog?: number | undefined;
  /** Send small writes at once (TCP_NODELAY). @defaultValue true */
  readonly noDelay?: boolean | undefined;
  /** Send keep-alive probes after this many idle milliseconds; 0 never. @defaultValue 0 */
  readonly keepAliveMs?: number | undefined;
}

/** Options for {@link Tcp.connect}. */
export interface TcpConnectOptions extends StreamOptions {
  /** Host name or IP address. */
  readonly host: string;
  readonly port: number;
  /** Longest wait for the connection, name lookup included. @defaultValue 30_000 */
  readonly timeoutMs?: number | undefined;
  readonly noDelay?: boolean | undefined;
  readonly keepAliveMs?: number | undefined;
}

/** TCP (RFC 9293). */
export interface Tcp {
  /**
   * Listens, and gives each connection the protocol that `factory` builds.
   * @throws ListenError `HAWSER_ADDRESS_IN_USE`, `HAWSER_ADDRESS_NOT_AVAILABLE`, `HAWSER_PERMISSION`, `HAWSER_LISTEN`
   */
  listen(options: TcpListenOptions, factory: FactoryLike): Deferred<Port>;
  /**
   * Connects, and settles after `connectionMade`.
   * @throws ConnectError `HAWSER_RESOLVE`, `HAWSER_CONNECT`, `HAWSER_CONNECT_TIMEOUT`, `HAWSER_REFUSED` if the factory
   * refused its own connection
   */
  connect(options: TcpConnectOptions, factory: FactoryLike): Deferred<Transport>;
}

/** Options for {@link Unix.listen}. */
export interface UnixListenOptions extends StreamOptions {
  readonly path: string;
  /** A descriptor that listens already, adopted instead of binding `path`. */
  readonly fd?: number | undefined;
  /** Permission bits of the socket file, such as `0o660`. Without it the process umask decides. */
  readonly mode?: number | undefined;
  readonly backlog?: number | undefined;
}

/** Options for {@link Unix.connect}. */
export interface UnixConnectOptions extends StreamOptions {
  readonly path: string;
  /** @defaultValue 30_000 */
  readonly timeoutMs?: number | undefined;
}

/** Unix domain stream sockets. */
export interface Unix {
  /** Listens on `path`. A socket file that nobody listens on any more is replaced. Errors as {@link Tcp.listen}. */
  listen(options: UnixListenOptions, factory: FactoryLike): Deferred<Port>;
  /** Connects. Errors as {@link Tcp.connect}. */
  connect(options: UnixConnectOptions, factory: FactoryLike): Deferred<Transport>;
}
