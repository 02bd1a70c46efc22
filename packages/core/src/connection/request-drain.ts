import type { Transport } from '../contract/transport.ts';

/**
 * Asks whoever is the protocol of a connection to finish before `deadline` (milliseconds on the reactor's clock), as
 * a port that drains does. Without effect on a transport that is not a `WireTransport`.
 */
export function requestDrain(connection: Pick<Transport, 'id'>, deadline: number): void {
  if ('requestDrain' in connection && typeof connection.requestDrain === 'function') {
    connection.requestDrain(deadline);
  }
}
