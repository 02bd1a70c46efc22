import type { Reactor } from '../contract/reactor.ts';
import type { OperationOptions } from '../contract/tcp.ts';
import type { DatagramPort, DatagramProtocol, UdpBindOptions } from '../contract/udp.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { badEndpoint } from './bad-endpoint.ts';
import { parseUdpDescriptor, type UdpDescriptorEndpoint } from './descriptor-endpoint.ts';
import {
  formatHostPort,
  formatOptions,
  readHostPort,
  readOptions,
  splitEndpoint,
} from './endpoint-text.ts';
import { integer, type OptionKinds } from './option-kind.ts';

/** What an endpoint says about binding; the signal belongs to the call. */
export type UdpPlace = Omit<UdpBindOptions, 'signal'>;

const OPTIONS: OptionKinds<Omit<UdpPlace, 'host' | 'port' | 'fd'>> = {
  receiveBufferBytes: integer(1),
  maxSendQueueBytes: integer(1),
};

/** Binds a UDP port. `udp://127.0.0.1:53`, or `udp://:53` for every address of both families. */
export class UdpEndpoint {
  readonly place: UdpPlace;

  constructor(place: UdpPlace) {
    this.place = place;
  }

  bind(
    reactor: Pick<Reactor, 'udp'>,
    protocol: DatagramProtocol,
    options: OperationOptions = {},
  ): Deferred<DatagramPort> {
    return reactor.udp.bind({ ...this.place, signal: options.signal }, protocol);
  }

  toString(): string {
    return formatHostPort('udp', this.place) + formatOptions(this.place, OPTIONS);
  }
}

/**
 * Reads where to receive datagrams: `udp://host:port`, `systemd:dns` or `fd:3`.
 * @throws UsageError `HAWSER_BAD_ENDPOINT`
 */
export function parseUdpEndpoint(text: string): UdpEndpoint | UdpDescriptorEndpoint {
  const parts = splitEndpoint(text);
  switch (parts.scheme) {
    case 'udp':
      return new UdpEndpoint({ ...readHostPort(parts, 0), ...readOptions(parts, OPTIONS) });
    case 'systemd':
    case 'fd':
      return parseUdpDescriptor(text);
    default:
      throw badEndpoint(text, `scheme must be udp, systemd or fd: "${parts.scheme}"`);
  }
}
