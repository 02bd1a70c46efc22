import { formatAddress } from '../connection/format-address.ts';
import type { Stack } from './stack.ts';
import { inet } from './stack.ts';
import type { TcpState } from './tcp-end.ts';

/** One socket of a simulated host. */
export interface SocketStatus {
  readonly host: string;
  readonly protocol: 'tcp' | 'udp' | 'unix';
  readonly state: TcpState | 'listen' | 'bound';
  readonly local: string;
  /** Absent where there is no peer. */
  readonly peer?: string | undefined;
  /** Name of the factory. */
  readonly label: string;
  /** Bytes that have not left yet. */
  readonly pendingBytes: number;
  /** Bytes that nobody has read yet; of a listener the connections that wait. */
  readonly unreadBytes: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** How often bytes were written: what would be system calls. */
  readonly writes: number;
  /** Where it was made, if that is tracked. */
  readonly madeAt: Error | undefined;
}

/** The sockets of a host: listeners, datagram ports, connections, each in the order they were made. */
export function socketsOf(stack: Stack): readonly SocketStatus[] {
  const host = stack.name;
  const listeners = [...stack.tcpPorts.list, ...stack.unixPaths.values()].map(
    ({ host: bound, port, label, waiting, madeAt }) => {
      const isUnix = port === 0;
      const local = isUnix ? `unix:${bound}` : formatAddress(inet('tcp', bound, port));
      const protocol = isUnix ? ('unix' as const) : ('tcp' as const);
      return withoutTraffic({
        host,
        protocol,
        state: 'listen',
        local,
        label,
        madeAt,
        unreadBytes: waiting,
      });
    },
  );
  const datagrams = stack.udpPorts.list.map(({ host: bound, port, madeAt }) => {
    const local = formatAddress(inet('udp', bound, port));
    const label = `udp:${port}`;
    return withoutTraffic({
      host,
      protocol: 'udp',
      state: 'bound',
      local,
      label,
      madeAt,
      unreadBytes: 0,
    });
  });
  const connections = stack.ends.map((end): SocketStatus => {
    const { local, peer, state, label, pendingBytes, unreadBytes, madeAt } = end;
    const { bytesRead, bytesWritten, writes } = end;
    return {
      host,
      protocol: local.kind === 'unix' ? 'unix' : 'tcp',
      state,
      local: formatAddress(local),
      peer: formatAddress(peer),
      label,
      pendingBytes,
      unreadBytes,
      bytesRead,
      bytesWritten,
      writes,
      madeAt,
    };
  });
  return [...listeners, ...datagrams, ...connections];
}

/** A socket that has no peer. */
function withoutTraffic(
  socket: Omit<SocketStatus, 'peer' | 'pendingBytes' | 'bytesRead' | 'bytesWritten' | 'writes'>,
): SocketStatus {
  return Object.assign(socket, { pendingBytes: 0, bytesRead: 0, bytesWritten: 0, writes: 0 });
}
