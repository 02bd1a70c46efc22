import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** The TLS socket that works on the handle of a socket, which knows nothing of it. */
export const tlsAbove: WeakMap<Socket, TLSSocket> = new WeakMap();
