import type { Deferred } from '../deferred/deferred.ts';
import type { Address } from './address.ts';

/** How the connections of a port ended during a drain. */
export interface DrainReport {
  /** Connections that closed by themselves before the deadline. */
  readonly finished: number;
  /** Connections that were cut off. */
  readonly aborted: number;
}

/**
 * Something that accepts connections. Accepting and draining are separate verbs. `String(port)` shows the address and
 * the layers: `tcp://0.0.0.0:443 max(10000) > tls > idle(60000) > http`. Disposing it stops it.
 */
export interface Port extends AsyncDisposable {
  /** The address it is bound to, with the port number the system chose if none was given. */
  readonly address: Address;
  /** Name of the factory, without the layers. */
  readonly protocol: string;
  /** Open connections, those still in a handshake or being recognised included. */
  readonly connections: number;
  /** Stops accepting; open connections are left alone. Settles when the address is free. */
  quiesce(): Deferred<void>;
  /**
   * Asks every connection to finish and settles when none is left. What is open at `deadline` (milliseconds on the
   * reactor's clock) is aborted with `{ kind: 'shutdown' }`.
   */
  drain(deadline: number): Deferred<DrainReport>;
  /** Stops accepting and aborts what is open. Settles when every connection is gone. */
  stop(): Deferred<void>;
  /**
   * The descriptor of the listening socket, for a process that is to take it over; the caller must not close it.
   * Connections that wait to be accepted stay with the socket, whoever accepts them. Only on a port of the operating
   * system that has not been quiesced.
   */
  readonly exportFd?: (() => number) | undefined;
  /**
   * Takes no new connections until what it gives is disposed; the address stays ours, and open connections are left
   * alone. Pauses are counted: the port accepts again when the last one is disposed. After `quiesce` it has no
   * effect. Absent on a port that cannot; then connections are accepted and have to be refused.
   */
  readonly pauseAccepting?: (() => Disposable) | undefined;
  toString(): string;
}
