import type { Connection } from './connection.ts';

/**
 * Says goodbye on one connection: 421 between transactions; a transaction that runs is finished first. The port cuts
 * off what is open at the deadline.
 */
export function drainConnection(connection: Connection | undefined): void {
  connection?.drain();
}
