// The server side of every measurement: a process of its own, so that its CPU time is its own.
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createNodeReactor, type Factory } from '@hawser/core';
import type { Memory } from './measure-memory.ts';

/**
 * Tells the port, and answers whenever asked: with the CPU time used so far, user and system, in microseconds, or with
 * the memory it has.
 */
export function beMeasured(port: number): void {
  process.on('message', (what) => process.send?.(what === 'memory' ? memory() : cpu()));
  process.on('disconnect', () => process.exit());
  if (process.connected) process.send?.(port);
}

function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function memory(): Memory {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed + external };
}

/** Listens as a careful user of `node:net` would: half-open as Hawser is, and no error ends the process. */
export function serveRaw(accepted: (socket: Socket) => void): void {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('end', () => socket.end());
    socket.on('error', () => socket.destroy());
    accepted(socket);
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 511 }, () =>
    beMeasured((server.address() as AddressInfo).port),
  );
}

/** Listens with Hawser. */
export async function serveFactory(factory: Factory): Promise<void> {
  const { tcp } = createNodeReactor();
  const { address } = await tcp.listen({ host: '127.0.0.1', port: 0 }, factory);
  beMeasured('port' in address ? address.port : 0);
}
