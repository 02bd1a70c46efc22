// The shape in which the package dns-packet (5.6) gives and takes messages, for handlers and programs that know it.

/** A question in the shape of dns-packet. */
export interface DnsPacketQuestion {
  readonly name: string;
  readonly type: string;
  /** @defaultValue 'IN' */
  readonly class?: string | undefined;
}

/** An EDNS option in the shape of dns-packet. */
export interface DnsPacketOption {
  /** A number, or a name such as `"CLIENT_SUBNET"`. */
  readonly code: number | string;
  readonly type?: string | undefined;
  /** The value; goes before all of the following. */
  readonly data?: Uint8Array | undefined;
  /** Of CLIENT_SUBNET. */
  readonly family?: number | undefined;
  readonly sourcePrefixLength?: number | undefined;
  readonly scopePrefixLength?: number | undefined;
  readonly ip?: string | undefined;
  /** Of TCP_KEEPALIVE, in units of 100 ms. */
  readonly timeout?: number | undefined;
  /** Of PADDING. */
  readonly length?: number | undefined;
  /** Of KEY_TAG. */
  readonly tags?: readonly number[] | undefined;
}

/**
 * A record in the shape of dns-packet. `data` is text for A, AAAA and names, a list of buffers for TXT, an object for the
 * types dns-packet has one for, and the octets of the data for all others.
 */
export interface DnsPacketRecord {
  readonly name: string;
  readonly type: string;
  readonly class?: string | undefined;
  readonly ttl?: number | undefined;
  /** The first bit of the class, which multicast DNS means something else by. */
  readonly flush?: boolean | undefined;
  readonly data?: unknown;
  /** Of OPT. */
  readonly udpPayloadSize?: number | undefined;
  readonly extendedRcode?: number | undefined;
  readonly ednsVersion?: number | undefined;
  readonly flags?: number | undefined;
  readonly flag_do?: boolean | undefined;
  readonly options?: readonly DnsPacketOption[] | undefined;
}

/** A message in the shape of dns-packet, as a program may give it. */
export interface DnsPacketLike {
  readonly id?: number | undefined;
  readonly type?: 'query' | 'response' | undefined;
  /** The second word of the header. What the following members say goes before it. */
  readonly flags?: number | undefined;
  readonly opcode?: string | undefined;
  readonly rcode?: string | undefined;
  readonly flag_aa?: boolean | undefined;
  readonly flag_tc?: boolean | undefined;
  readonly flag_rd?: boolean | undefined;
  readonly flag_ra?: boolean | undefined;
  readonly flag_ad?: boolean | undefined;
  readonly flag_cd?: boolean | undefined;
  readonly questions?: readonly DnsPacketQuestion[] | undefined;
  readonly answers?: readonly DnsPacketRecord[] | undefined;
  readonly authorities?: readonly DnsPacketRecord[] | undefined;
  readonly additionals?: readonly DnsPacketRecord[] | undefined;
}

/** A message in the shape of dns-packet, as dns-packet decodes it. */
export interface DnsPacket extends DnsPacketLike {
  readonly id: number;
  readonly type: 'query' | 'response';
  readonly flags: number;
  readonly opcode: string;
  readonly rcode: string;
  readonly flag_qr: boolean;
  readonly flag_aa: boolean;
  readonly flag_tc: boolean;
  readonly flag_rd: boolean;
  readonly flag_ra: boolean;
  readonly flag_z: boolean;
  readonly flag_ad: boolean;
  readonly flag_cd: boolean;
  readonly questions: readonly DnsPacketQuestion[];
  readonly answers: readonly DnsPacketRecord[];
  readonly authorities: readonly DnsPacketRecord[];
  readonly additionals: readonly DnsPacketRecord[];
}
