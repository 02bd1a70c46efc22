import type { Socket } from 'node:net';
import type { Address } from '../contract/address.ts';
import type { Transport } from '../contract/transport.ts';
import { familyOf, hostOf, portOf } from './address-parts.ts';

/**
 * Lets a socket that was given away say what its transport says of its ends: a layer may know the peer better than the
 * kernel does, as behind a proxy, and a TLS socket over a stream knows none.
 */
export function showEnds(socket: Socket, { local, peer }: Pick<Transport, 'local' | 'peer'>): void {
  if (!isAt(peer, socket.remoteAddress, socket.remotePort)) {
    define(socket, {
      remoteAddress: hostOf(peer),
      remotePort: portOf(peer),
      remoteFamily: familyOf(peer),
    });
  }
  if (!isAt(local, socket.localAddress, socket.localPort)) {
    define(socket, {
      localAddress: hostOf(local),
      localPort: portOf(local),
      localFamily: familyOf(local),
    });
  }
}

function isAt(address: Address, host: string | undefined, port: number | undefined): boolean {
  return hostOf(address) === host && portOf(address) === port;
}

function define(socket: Socket, values: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(socket, name, { value, configurable: true });
  }
}
