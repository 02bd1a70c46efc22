import type { ListenOptions, Server } from 'node:net';
import type { Address } from '../contract/address.ts';
import type { Port } from '../contract/port.ts';
import { Deferred } from '../deferred/deferred.ts';
import { withSignal } from '../deferred/with-signal.ts';
import { listenError } from './listen-error.ts';
import { NodePort, type NodePortParts } from './node-port.ts';

/** What {@link listenServer} needs besides the parts of the port. */
export interface ListenServerParts extends Omit<NodePortParts, 'address'> {
  /** The address as an error names it. */
  readonly where: string;
  readonly bind: ListenOptions;
  /** Reads the address the server got. */
  readonly address: (server: Server) => Address;
}

/** Binds a `net.Server` and makes a port of it. Cancelling closes it again. */
export function listenServer(parts: ListenServerParts): Deferred<Port> {
  const { server, where, bind, address, options } = parts;
  const listening = new Deferred<Port>({ canceller: () => void server.close() });
  const failed = (error: NodeJS.ErrnoException): void =>
    listening.reject(listenError(where, error));
  server.once('error', failed);
  server.listen(bind, () => {
    server.off('error', failed);
    if (listening.peek().state !== 'pending') return;
    listening.resolve(new NodePort({ ...parts, address: address(server) }));
  });
  return withSignal(listening, options.signal);
}
