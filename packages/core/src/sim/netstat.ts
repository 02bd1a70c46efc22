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

const NO_TRAFFIC = { pendingBytes: 0, unreadBytes: 0, bytesRead: 0, bytesWritten: 0, writes: 0 };

/** The sockets of a host: listeners, datagram ports, connections, each in the order they were made. */
export function socketsOf(stack: Stack): readonly SocketStatus[] {
  const host = stack.name;
  const listeners = stack.tcpPorts.list.map(
    (each): SocketStatus => ({
      ...NO_TRAFFIC,
      host,
      protocol: 'tcp',
      state: 'listen',
      local: formatAddress(inet('tcp', each.host, each.port)),
      label: each.label,
      unreadBytes: each.waiting,
      madeAt: each.madeAt,
    }),
  );
  const paths = [...stack.unixPaths].map(
    ([path, each]): SocketStatus => ({
      ...NO_TRAFFIC,
      host,
      protocol: 'unix',
      state: 'listen',
      local: `unix:${path}`,
      label: each.label,
      unreadBytes: each.waiting,
      madeAt: each.madeAt,
    }),
  );
  const datagrams = stack.udpPorts.list.map(
    (each): SocketStatus => ({
      ...NO_TRAFFIC,
      host,
      protocol: 'udp',
      state: 'bound',
      local: formatAddress(inet('udp', each.host, each.port)),
      label: `udp:${each.port}`,
      madeAt: each.madeAt,
    }),
  );
  const connections = stack.ends.map((end): SocketStatus => {
    const { local, peer, state, label, pendingBytes, unreadBytes, madeAt } = end;
    const { bytesRead, bytesWritten, writes } = end;
    return {
      host,
      protocol: local.kind === 'unix' ? 'unix' : 'tcp',
      state,
      local: formatAddress(local),
      peer: formatAddress(peer),
      ...{ label, pendingBytes, unreadBytes, bytesRead, bytesWritten, writes, madeAt },
    };
  });
  return [...listeners, ...paths, ...datagrams, ...connections];
}
