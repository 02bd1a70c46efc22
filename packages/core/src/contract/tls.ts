import type { PeerCertificate, SecureContextOptions } from 'node:tls';
import type { Factory } from './factory.ts';
import type { Transport } from './transport.ts';

/** What a TLS handshake agreed on. Read it with `transport.info(TLS)`. */
export interface TlsInfo {
  /** `TLSv1.3` or `TLSv1.2`. */
  readonly version: string;
  readonly cipher: string;
  /** The ALPN protocol (RFC 7301), if one was agreed. */
  readonly alpn: string | undefined;
  /** The name the client asked for (SNI, RFC 6066). */
  readonly serverName: string | undefined;
  /** Whether the peer's certificate was verified. */
  readonly authorized: boolean;
  /** The peer's certificate, if it sent one. */
  peerCertificate(): PeerCertificate | undefined;
}

/** Options for both ends of TLS. */
export interface TlsOptions
  extends Pick<
    SecureContextOptions,
    'cert' | 'key' | 'ca' | 'pfx' | 'passphrase' | 'ciphers' | 'minVersion' | 'maxVersion'
  > {
  /** Protocols to offer or accept by ALPN, best first. */
  readonly alpn?: readonly string[] | undefined;
  /** Longest a handshake may take, in milliseconds. @defaultValue 10_000 */
  readonly handshakeTimeoutMs?: number | undefined;
}

/** Options for the server side: a certificate with its key, as `cert` and `key` or as `pfx`. */
export type TlsServerOptions = TlsOptions;

/** Options for the client side. */
export interface TlsClientOptions extends TlsOptions {
  /** Name to ask for and to verify. */
  readonly serverName?: string | undefined;
  /** Refuse a certificate that cannot be verified. @defaultValue true */
  readonly verify?: boolean | undefined;
}

/**
 * TLS over any transport. After the handshake `upper` builds the protocol, on a transport of its own; on a real socket
 * that transport is a real socket again. Bytes below are not touched by the caller after this.
 */
export interface Tls {
  startServer(under: Transport, options: TlsServerOptions, upper: Factory): TlsSession;
  startClient(under: Transport, options: TlsClientOptions, upper: Factory): TlsSession;
  /** Checks certificate and key once, so that a bad file fails at start and not at the first client. */
  check(options: TlsOptions): void;
}

/** One TLS connection, as the transport below sees it. */
export interface TlsSession {
  /** Passes a drain request up. Before the handshake is done it aborts. */
  drainRequested(deadline: number): void;
}
