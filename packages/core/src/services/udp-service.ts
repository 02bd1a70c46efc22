import { formatAddress } from '../connection/format-address.ts';
import type { DatagramPort, DatagramProtocol } from '../contract/udp.ts';
import { succeed } from '../deferred/succeed.ts';
import type { UdpDescriptorEndpoint } from '../endpoints/descriptor-endpoint.ts';
import { parseUdpEndpoint, type UdpEndpoint } from '../endpoints/udp-endpoint.ts';
import { ListenerService } from './listener-service.ts';
import type { PortServiceOptions } from './port-service.ts';

/**
 * A service that binds a UDP endpoint. It stops receiving in the first phase of a shutdown; the port itself stays open
 * until the stop phase, so that answers under way can still be sent.
 *
 * @example await run(udpService('udp://:7000', { datagramReceived: (data) => count(data) }));
 */
export function udpService(
  endpoint: string | UdpEndpoint | UdpDescriptorEndpoint,
  protocol: DatagramProtocol,
  options: PortServiceOptions = {},
): ListenerService<DatagramPort> {
  const { name = String(endpoint) } = options;
  return new ListenerService<DatagramPort>({
    name,
    listen: (reactor) =>
      (typeof endpoint === 'string' ? parseUdpEndpoint(endpoint) : endpoint).bind(
        reactor,
        protocol,
      ),
    quiesce: (port) => port.quiesce(),
    drain: () => succeed({}),
    stop: (port) => port.stop(),
    describe: (port) =>
      options.name ? `${formatAddress(port.address)} ${name}` : formatAddress(port.address),
  });
}
