import type { ListenOptions, Server, Socket } from 'node:net';
import { listenError } from '../connection/listen-error.ts';
import type { Address } from '../contract/address.ts';
import type { Port } from '../contract/port.ts';
import { Deferred } from '../deferred/deferred.ts';
import { fail } from '../deferred/fail.ts';
import { withSignal } from '../deferred/with-signal.ts';
import { claimDescriptor, releaseDescriptor } from './descriptor-claims.ts';
import { NodePort, type NodePortParts } from './node-port.ts';
import { destroyQuietly } from './open-socket.ts';
import type { DescriptorKind } from './private-handle.ts';

/** Length of the queue of connections not yet accepted, unless somebody says otherwise. */
const DEFAULT_BACKLOG = 511;

/** What {@link listenServer} needs besides the parts of the port. */
export interface ListenServerParts extends Omit<NodePortParts, 'address' | 'backlog' | 'adopted'> {
  /** The address as an error names it. */
  readonly where: string;
  readonly bind: ListenOptions;
  readonly backlog: number | undefined;
  /** A descriptor of that kind to adopt instead of binding. */
  readonly fd: number | undefined;
  readonly kind: DescriptorKind;
  /** Reads the address the server got. */
  readonly address: (server: Server) => Address;
  /** Makes the bound address known, before anybody is served. */
  readonly publish?: (() => PromiseLike<void>) | undefined;
}

/** Binds a `net.Server`, or adopts a descriptor, and makes a port of it. Cancelling closes it again. */
export function listenServer(parts: ListenServerParts): Deferred<Port> {
  const { server, bind, fd, kind, options, backlog = DEFAULT_BACKLOG } = parts;
  const { reports } = parts.reactor;
  const where = fd === undefined ? parts.where : `fd:${fd}`;
  if (fd !== undefined) {
    try {
      claimDescriptor(fd, { kind, where });
    } catch (error) {
      return fail(error, { reports, where: 'listen' });
    }
  }
  const giveUp = (): void => {
    server.close();
    if (fd !== undefined) releaseDescriptor(fd);
  };
  const listening = new Deferred<Port>({ canceller: giveUp, reports, where: 'listen' });
  const failed = (error: NodeJS.ErrnoException): void => {
    giveUp();
    listening.reject(listenError(where, error));
  };
  // Who connects between the publishing of the address and the making of the port.
  const early: Socket[] = [];
  const arrived = (socket: Socket): void => void early.push(socket);
  server.on('connection', arrived);
  const ready = (): void => {
    server.off('error', failed);
    server.off('connection', arrived);
    if (listening.peek().state !== 'pending') {
      void parts.closed?.(false);
      for (const socket of early) destroyQuietly(socket);
      return;
    }
    const address = parts.address(server);
    const port = new NodePort({ ...parts, address, backlog, adopted: fd });
    for (const socket of early) port.accept(socket);
    listening.resolve(port);
  };
  server.once('error', failed);
  server.listen(fd === undefined ? { ...bind, backlog } : { fd, backlog }, () => {
    if (parts.publish) parts.publish().then(ready, failed);
    else ready();
  });
  return withSignal(listening, options.signal);
}
