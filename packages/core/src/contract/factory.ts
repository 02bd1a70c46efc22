import type { Port } from './port.ts';
import type { Protocol } from './protocol.ts';
import type { Transport } from './transport.ts';

/** A connection that asks to be let in. Layers watch it and may abort it, but cannot take its bytes. */
export interface Incoming
  extends Pick<
    Transport,
    | 'id'
    | 'reactor'
    | 'context'
    | 'local'
    | 'peer'
    | 'info'
    | 'onClose'
    | 'abort'
    | 'bytesRead'
    | 'bytesWritten'
    | 'openedAt'
  > {
  /** Who opened the connection: the peer (`server`) or this side (`client`). */
  readonly side: 'server' | 'client';
}

/**
 * How far the first bytes of a connection tell a protocol apart: yes, no, or not yet. A matcher must answer yes or
 * no once it has `maxBytes`; `more` then counts as no.
 */
export interface Matcher {
  readonly maxBytes: number;
  test(head: Buffer): 'yes' | 'no' | 'more';
}

/** Makes the protocol of each connection, and decides whether a peer is welcome. */
export interface Factory<P extends Protocol = Protocol> {
  /** How a port prints it and reports name it, such as `"smtp"`. */
  readonly name: string;
  /** Makes the protocol for one connection. `undefined` refuses: the peer sees a reset. */
  buildProtocol(incoming: Incoming): P | undefined;
  /** A port listens with this factory now. Called for each way of a port that leads to it, as two may behind `sniff`. */
  started?(port: Port): void;
  /** A port that had `started` with it is gone. */
  stopped?(port: Port): void;
  /** How `sniff` knows the protocol by its first bytes. */
  readonly match?: Matcher | undefined;
  /** Its clients wait for the server to speak first, as in SMTP: `sniff` knows them by their silence. */
  readonly speaksFirst?: boolean | undefined;
  /**
   * ALPN names (RFC 7301) of what it speaks, best first, such as `['h2', 'http/1.1']`. TLS agrees on one of them,
   * unless its own options say otherwise.
   */
  readonly acceptableProtocols?: readonly string[] | undefined;
}

/** A factory, or just the function that makes the protocol. */
export type FactoryLike<P extends Protocol = Protocol> =
  | Factory<P>
  | ((incoming: Incoming) => P | undefined);
