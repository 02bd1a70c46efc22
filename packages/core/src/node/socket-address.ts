import type { Socket } from 'node:net';
import type { Address } from '../contract/address.ts';

/** The two ends of a TCP socket; `undefined` when the peer has gone already. */
export function tcpEnds(socket: Socket): { local: Address; peer: Address } | undefined {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (!localAddress || !localPort || !remoteAddress || !remotePort) return undefined;
  return {
    local: inetAddress('tcp', localAddress, localPort),
    peer: inetAddress('tcp', remoteAddress, remotePort),
  };
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
