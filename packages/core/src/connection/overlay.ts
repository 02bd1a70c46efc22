import type { Address } from '../contract/address.ts';
import type { InfoKey } from '../contract/info.ts';
import type { Transport } from '../contract/transport.ts';

/** What a layer knows better than the wire. */
export interface Overlay {
  readonly local?: Address | undefined;
  readonly peer?: Address | undefined;
  /** Facts to add; they replace earlier ones of the same key. */
  readonly info?: Iterable<readonly [InfoKey<unknown>, unknown]> | undefined;
}

/**
 * Lets a connection show other ends and more facts from now on, to whatever stands above the layer that calls this. A
 * preamble does it before it hands over; the bytes are not touched and the socket stays detachable. Without effect on
 * a transport that is not a `WireTransport`.
 */
export function overlay(connection: Pick<Transport, 'id'>, shown: Overlay): void {
  if ('showOverlay' in connection && typeof connection.showOverlay === 'function') {
    connection.showOverlay(shown);
  }
}
