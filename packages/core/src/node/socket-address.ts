import type { Socket } from 'node:net';
import type { Address } from '../contract/address.ts';

/** The two ends of a connection. */
export interface Ends {
  readonly local: Address;
  readonly peer: Address;
}

/**
 * The two ends of a TCP socket; `undefined` when the peer has gone already. Whoever knows `local` saves the system call
 * that asks for it, and an object a connection.
 */
export function tcpEnds(
  socket: Socket,
  local: Address | undefined = localEnd(socket),
): Ends | undefined {
  const { remoteAddress, remotePort } = socket;
  if (!local || !remoteAddress || !remotePort) return undefined;
  return { local, peer: inetAddress('tcp', remoteAddress, remotePort) };
}

function localEnd({ localAddress, localPort }: Socket): Address | undefined {
  if (!localAddress || !localPort) return undefined;
  return inetAddress('tcp', localAddress, localPort);
}

/** All addresses; and those of one link, which the socket of a connection names with the link. */
const NOT_ONE = /^(?:[0:.]*$|fe80:)/i;

/** Where every connection to a listener at `address` comes to; `undefined` if that may be more than one address. */
export function onlyEnd(address: Address): Address | undefined {
  return 'host' in address && !NOT_ONE.test(address.host) ? address : undefined;
}

/** An address in one form: IPv4-mapped IPv6, as dual-stack sockets see IPv4, becomes IPv4 (RFC 4291 §2.5.5.2). */
export function inetAddress(
  kind: 'tcp' | 'udp',
  host: string,
  port: number,
): Extract<Address, { kind: 'tcp' | 'udp' }> {
  const plain = host.startsWith('::ffff:') && host.includes('.') ? host.slice(7) : host;
  return { kind, host: plain, port, family: plain.includes(':') ? 6 : 4 };
}
