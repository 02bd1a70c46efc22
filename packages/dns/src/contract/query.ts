// What a handler is asked.
import type { Address, Reactor } from '@hawser/core';
import type { Edns } from '../message/edns.ts';
import type { Message } from '../message/reader.ts';
import type { Name } from '../name.ts';

/** How a query came: in a datagram, over a stream, over a stream within TLS (RFC 7858), or within HTTP (RFC 8484). */
export type QueryTransport = 'udp' | 'tcp' | 'tls' | 'https';

/** A certificate a client has shown within TLS. It has the key that belongs to it. */
export interface ClientCertificate {
  /** True if it is by one of the authorities (`ca`) of the server, and valid now. Only then its names mean something. */
  readonly verified: boolean;
  /** For people, such as `"CN=ns2.example.net"`. */
  readonly subject: string;
  /** SHA-256 of its public key in base64: a pin, as of RFC 7858 §4.2. It means something whoever has made the certificate. */
  readonly keyPin: string;
  /** True if it was verified and is for the host `name`: among its DNS names, or its common name if it has none of those. */
  isGoodFor(name: string): boolean;
}

/**
 * One message that asks something: a question (QUERY), or the zone an UPDATE or a NOTIFY is about. It was checked as far as
 * it can be without knowing the zone. Handlers may keep it as long as they answer it.
 */
export interface DnsQuery {
  /** The whole message, for UPDATE, IXFR and whoever looks at options. Its octets stay as they are while it is answered. */
  readonly message: Message;
  readonly opcode: number;
  /** {@link Name.key} of the name asked for: the fastest way to compare. */
  readonly key: string;
  /** The name asked for, spelled as it was. Made when it is first read. */
  readonly name: Name;
  readonly type: number;
  /** IN, or of a QUERY also ANY, which is answered as IN without AA. Other classes never reach a handler. */
  readonly class: number;
  readonly transport: QueryTransport;
  /** Who asks; behind a load balancer, whom it names. */
  readonly client: Address;
  /** The second word of the header as it came: bits of `Flag`. */
  readonly flags: number;
  readonly edns: Edns | undefined;
  /** False if there is certainly no EDNS option: who looks for one need not read {@link edns}, which costs as much as an answer. */
  readonly optionBearing: boolean;
  /** The DO bit: signatures are welcome (RFC 4035 §3.2.1). */
  readonly dnssecOk: boolean;
  readonly recursionDesired: boolean;
  readonly checkingDisabled: boolean;
  /** Name of the key whose signature was verified (RFC 8945), undefined without one. A bad signature never gets here. */
  readonly tsigKey: Name | undefined;
  /** What the client has shown within TLS, if it was asked (`clientCertificates` of the TLS options) and has shown one. */
  readonly clientCertificate: ClientCertificate | undefined;
  /** The client proved its address: by TCP, or by a cookie of ours (RFC 7873). */
  readonly addressProven: boolean;
  readonly reactor: Reactor;
}
