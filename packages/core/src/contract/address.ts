/** Where one end of a connection or a datagram is. */
export type Address = InetAddress | UnixAddress | MemoryAddress;

/** An IP address with a port. IPv4-mapped IPv6 addresses are given as IPv4. */
export interface InetAddress {
  readonly kind: 'tcp' | 'udp';
  /** An IP address in text form, without brackets; never a host name. */
  readonly host: string;
  readonly port: number;
  readonly family: 4 | 6;
}

/** A Unix domain socket. A client that did not bind has an empty path. */
export interface UnixAddress {
  readonly kind: 'unix';
  readonly path: string;
}

/** One end of a pipe inside this process. */
export interface MemoryAddress {
  readonly kind: 'memory';
  readonly name: string;
}
