/**
 * What a PROXY protocol header says. The protocol is defined by HAProxy in "The PROXY protocol, Versions 1 & 2"; its
 * section numbers are those cited in this folder.
 */
import type { Address } from '../../../contract/address.ts';
import type { InfoKey } from '../../../contract/info.ts';

/** What the proxy knows of TLS between it and the client (§2.2.6). */
export interface ProxyTls {
  /** Whether the client came by TLS at all. */
  readonly secure: boolean;
  /** Whether the client showed a certificate, on this connection or in an earlier one of its TLS session. */
  readonly certificate: 'none' | 'connection' | 'session';
  /** Whether that certificate was verified. */
  readonly verified: boolean;
  /** Such as `TLSv1.3`. */
  readonly version?: string | undefined;
  /** The common name in the certificate of the client. */
  readonly commonName?: string | undefined;
  readonly cipher?: string | undefined;
  /** With what the certificate the proxy showed was signed, such as `SHA256`. */
  readonly signature?: string | undefined;
  /** The key of the certificate the proxy showed, such as `RSA2048`. */
  readonly key?: string | undefined;
}

/** One of the values behind the addresses of version 2: its type and its bytes. */
export interface ProxyTlv {
  readonly type: number;
  readonly value: Buffer;
}

/** What can stand in a header besides addresses (§2.2). The texts come from the client: do not trust them further. */
export interface ProxyFacts {
  /** What the client and the proxy agreed on by ALPN. */
  readonly alpn?: string | undefined;
  /** The name the client asked for, by SNI. */
  readonly authority?: string | undefined;
  /** Identifies the connection in the logs of the proxy. Up to 128 bytes. */
  readonly uniqueId?: Buffer | undefined;
  readonly tls?: ProxyTls | undefined;
  /** The network namespace of the connection at the proxy. */
  readonly namespace?: string | undefined;
}

/** A header that was read. */
export interface ProxyHeader extends ProxyFacts {
  readonly version: 1 | 2;
  /** `local` is the proxy itself, as with a health check: the connection is from where it seems to be. */
  readonly command: 'proxy' | 'local';
  /** The client; absent if the command is `local`, or the proxy does not know or cannot say. */
  readonly source?: Address | undefined;
  /** Where the client connected to. Absent together with `source`. */
  readonly destination?: Address | undefined;
  /** All values as they came, unknown types included; without padding and checksum. */
  readonly tlvs: readonly ProxyTlv[];
}

/** The header that a proxy sent; absent where none was read. */
export const PROXY_HEADER: InfoKey<ProxyHeader> = { name: 'proxy header' };
