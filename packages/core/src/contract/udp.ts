import type { Deferred } from '../deferred/deferred.ts';
import type { InetAddress } from './address.ts';
import type { CloseReason } from './close-reason.ts';
import type { OperationOptions } from './tcp.ts';

/** What datagrams mean. One object a bound port. A throw is reported; the port lives on. */
export interface DatagramProtocol {
  started?(port: DatagramPort): void;
  /** One datagram, never cut. The protocol owns `data`. */
  datagramReceived(data: Buffer, from: InetAddress): void;
  /** The port is gone. Once, last. */
  stopped?(reason: CloseReason): void;
}

/** A bound UDP port. Disposing it stops it. */
export interface DatagramPort extends AsyncDisposable {
  readonly address: InetAddress;
  /**
   * Sends one datagram, at most 65,507 bytes. False when it was dropped: because the send queue is full, the port is
   * closed, or `to` is port 0, as in a datagram whose sender wants no answer (RFC 768). Never throws. The port owns `data`:
   * it may leave a little later, with other answers to what came in the same turn of the loop.
   */
  send(data: Uint8Array, to: InetAddress): boolean;
  /** Datagrams that were dropped at the full send queue. */
  readonly dropped: number;
  /** Stops receiving; what is being answered can still be sent. Settles when no datagram will be delivered any more. */
  quiesce(): Deferred<void>;
  /**
   * The descriptor of the socket, for a process that is to take the port over; the caller must not close it. Only on a
   * port of the operating system.
   */
  readonly exportFd?: (() => number) | undefined;
  stop(): Deferred<void>;
}

/** Options for {@link Udp.bind}. */
export interface UdpBindOptions extends OperationOptions {
  /** IP address to bind. Without it, all addresses of both families. */
  readonly host?: string | undefined;
  /** 0 picks a free port. */
  readonly port: number;
  /** A descriptor bound by somebody else, adopted instead of binding `host` and `port`. */
  readonly fd?: number | undefined;
  /** Receive buffer asked of the kernel, in bytes. @defaultValue 4_194_304 */
  readonly receiveBufferBytes?: number | undefined;
  /** Bytes that may wait to be sent; more are dropped. @defaultValue 4_194_304 */
  readonly maxSendQueueBytes?: number | undefined;
}

/** UDP (RFC 768). */
export interface Udp {
  /** Binds a port. Errors as {@link Tcp.listen}. */
  bind(options: UdpBindOptions, protocol: DatagramProtocol): Deferred<DatagramPort>;
}
