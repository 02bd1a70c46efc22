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
  /** Whether the peer showed a certificate that was verified. */
  readonly authorized: boolean;
  /** Why the certificate the peer showed was not verified: a code such as `CERT_HAS_EXPIRED`. */
  readonly authorizationError: string | undefined;
  /** Whether the handshake took up an earlier session instead of exchanging certificates again. */
  readonly resumed: boolean;
  /** The peer's certificate, if it sent one. */
  peerCertificate(): PeerCertificate | undefined;
}

/** A certificate with its key, as PEM (`cert` and `key`) or PKCS #12 (`pfx`). */
export type TlsCertificate = Pick<SecureContextOptions, 'cert' | 'key' | 'pfx' | 'passphrase'>;

/** A certificate that may be replaced while connections come and go. */
export interface CertificateSource {
  /** Asked at each handshake. The same object stands for the same certificate, which is then parsed once. */
  current(): TlsCertificate;
}

/** Options for both ends of TLS. */
export interface TlsOptions
  extends TlsCertificate,
    Pick<SecureContextOptions, 'ca' | 'crl' | 'ciphers' | 'maxVersion'> {
  /** @defaultValue 'TLSv1.2' */
  readonly minVersion?: SecureContextOptions['minVersion'];
  /** Protocols to offer or accept by ALPN, best first. @defaultValue `acceptableProtocols` of the factory above */
  readonly alpn?: readonly string[] | undefined;
  /** Longest a handshake may take, in milliseconds. @defaultValue 10_000 */
  readonly handshakeTimeoutMs?: number | undefined;
}

/**
 * Options for the server side. The certificate is that of `certificates` for the name the client asks for, exact
 * before wildcard, else what `certificateFor` finds, else `certificate`, else `cert` and `key` or `pfx`. A client for
 * which there is none is refused.
 */
export interface TlsServerOptions extends TlsOptions {
  /** The default certificate, if it may change; instead of `cert` and `key`. */
  readonly certificate?: CertificateSource | undefined;
  /** Certificates by server name: `example.com`, or `*.example.net` for one label. */
  readonly certificates?: Readonly<Record<string, TlsCertificate | CertificateSource>> | undefined;
  /**
   * Finds the certificate for a name that is not in `certificates`; `undefined` for the default one, a throw or a
   * rejection to refuse the client. The name comes from the client: a DNS name in lower case, without a last dot. The
   * handshake waits, within its deadline. Give the same object for the same certificate.
   */
  readonly certificateFor?:
    | ((serverName: string) => TlsCertificate | undefined | PromiseLike<TlsCertificate | undefined>)
    | undefined;
  /**
   * Clients that may wait for `certificateFor` at a time; more are refused. One that leaves keeps its place until the
   * answer or its deadline. @defaultValue 256
   */
  readonly maxCertificateLookups?: number | undefined;
  /**
   * Ask clients for a certificate by one of `ca`; `require` refuses those without, while with `request` the protocol
   * reads `authorized`. @defaultValue none
   */
  readonly clientCertificates?: 'request' | 'require' | undefined;
  /**
   * 48 secret bytes that seal session tickets. Processes that share them take up each other's sessions.
   * @defaultValue random, the same as long as these options are used
   */
  readonly ticketKeys?: Buffer | undefined;
}

/**
 * Options for the client side. Sessions with a server that was verified are taken up again among connections made with
 * the same options object.
 */
export interface TlsClientOptions extends TlsOptions {
  /** Name, or IP address, to ask for and to verify. @defaultValue the IP address of the peer */
  readonly serverName?: string | undefined;
  /** Refuse a certificate that cannot be verified. @defaultValue true */
  readonly verify?: boolean | undefined;
}

/**
 * TLS over any transport. After the handshake `upper` builds the protocol, on a transport of its own; on a real socket
 * that transport is a real socket again. Bytes below are not touched by the caller after this.
 *
 * A handshake that fails ends the connection below with `{ kind: 'protocol' }` and a `ProtocolError`
 * `HAWSER_TLS_HANDSHAKE` whose `cause` says why; one that takes too long, with `{ kind: 'timeout', timer: 'handshake' }`.
 * Renegotiation (TLS 1.2) is refused. What cannot be decrypted later ends both connections with `HAWSER_TLS_RECORD`.
 *
 * An end of input without the farewell of TLS (`close_notify`) looks like one with it: a protocol that has to know that
 * it heard everything says so in its own language, as HTTP does with lengths.
 */
export interface Tls {
  startServer(under: Transport, options: TlsServerOptions, upper: Factory): TlsSession;
  /** @throws TypeError when the server is to be verified and there is no name to verify */
  startClient(under: Transport, options: TlsClientOptions, upper: Factory): TlsSession;
  /** Checks certificates and keys once, so that a bad file fails at start and not at the first client. */
  check(options: TlsServerOptions | TlsClientOptions): void;
}

/** One TLS connection, as the transport below sees it. */
export interface TlsSession {
  /** Passes a drain request up. Before the handshake is done it aborts. */
  drainRequested(deadline: number): void;
}
