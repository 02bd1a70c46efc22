/**
 * Everything Hawser asks of node's undocumented members, in one place: each has a test that fails when a version of node
 * no longer has it. Where a member is gone the function says so, and its caller does without.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import type { Server } from 'node:net';
import { UsageError } from '../errors.ts';

/** What a descriptor is, as libuv tells it apart. A Unix socket is a `PIPE`. */
export type DescriptorKind = 'TCP' | 'PIPE' | 'UDP' | 'FILE' | 'TTY' | 'UNKNOWN';

interface Handle {
  readonly fd?: number;
  readonly bytesWritten?: number;
  readonly writeQueueSize?: number;
  recvStop?(): number;
  send?: (...args: unknown[]) => number;
  readonly send6?: (...args: unknown[]) => number;
  open?(fd: number): number;
}

const KINDS: readonly DescriptorKind[] = ['TCP', 'PIPE', 'UDP', 'FILE', 'TTY'];
const STATE_SYMBOL = 'state symbol';
/** Any negative number makes node throw an error of the system. */
const REFUSED = -22;

/** The descriptor a server listens on. @throws UsageError `HAWSER_NOT_AVAILABLE` */
export function serverDescriptor(server: Server): number {
  return descriptorOf((server as { readonly _handle?: Handle | null })._handle, 'net.Server');
}

/** The descriptor of a bound UDP socket. @throws UsageError `HAWSER_NOT_AVAILABLE` */
export function datagramDescriptor(socket: UdpSocket): number {
  return descriptorOf(datagramHandle(socket), 'dgram.Socket');
}

/** Leaves what arrives from now on in the queue of the socket; sending still works. False where that is impossible. */
export function stopReceiving(socket: UdpSocket): boolean {
  return datagramHandle(socket)?.recvStop?.() === 0;
}

/** An adopted socket turned out to be IPv6, and was made as an IPv4 one: what it adopts is known only afterwards. */
export function sendByIPv6(socket: UdpSocket): void {
  const handle = datagramHandle(socket);
  if (!handle?.send6) throw notAvailable('dgram.Socket');
  handle.send = handle.send6;
}

/** What the descriptor is; the descriptor is not touched. */
export function descriptorKind(fd: number): DescriptorKind {
  // Node tells the kind only in the error of a UDP socket that is asked to adopt it, so that socket must not succeed.
  const probe = createSocket('udp4');
  const handle = datagramHandle(probe);
  if (!handle?.open) {
    probe.close();
    throw notAvailable('dgram.Socket');
  }
  handle.open = () => REFUSED;
  try {
    probe.bind({ fd });
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    if (code !== 'ERR_INVALID_FD_TYPE') return 'UDP';
    return KINDS.find((kind) => message.endsWith(` ${kind}`)) ?? 'UNKNOWN';
  } finally {
    probe.close();
  }
  throw notAvailable('dgram.Socket');
}

/** The descriptor of a connected socket; `undefined` where the socket is not one of the operating system, or closed. */
export function socketDescriptor(socket: object): number | undefined {
  const fd = (socket as { readonly _handle?: Handle | null })._handle?.fd;
  return fd === undefined || fd < 0 ? undefined : fd;
}

/**
 * Bytes of a socket that the kernel has taken. Only this grows while one large write is under way; `undefined` where
 * the socket is not one of the operating system.
 */
export function bytesTaken(socket: object): number | undefined {
  const handle = (socket as { readonly _handle?: Handle | null })._handle;
  const { bytesWritten, writeQueueSize } = handle ?? {};
  if (bytesWritten === undefined || writeQueueSize === undefined) return undefined;
  return bytesWritten - writeQueueSize;
}

function datagramHandle(socket: UdpSocket): Handle | undefined {
  // The plain `_handle` of a UDP socket prints a deprecation warning.
  const symbol = Object.getOwnPropertySymbols(socket).find(
    ({ description }) => description === STATE_SYMBOL,
  );
  if (!symbol) return undefined;
  return (socket as unknown as Record<symbol, { handle?: Handle } | undefined>)[symbol]?.handle;
}

function descriptorOf(handle: Handle | null | undefined, what: string): number {
  const fd = handle?.fd;
  if (fd === undefined || fd < 0) throw notAvailable(what);
  return fd;
}

function notAvailable(what: string): UsageError {
  return new UsageError(
    'HAWSER_NOT_AVAILABLE',
    `Cannot use the handle of a ${what} in this version of node: ${process.version}`,
  );
}
