import { layer } from '../../connection/stack.ts';
import type { Layer } from '../../contract/layer.ts';
import { type PeerNetworkOptions, peerNetworks } from '../peer-network.ts';

/**
 * Refuses, with a reset, more than `limit` connections at a time from one address, or one network of `ipv4Prefix` or
 * `ipv6Prefix` bits. It remembers only networks with an open connection. Peers on a Unix socket or a pipe have no
 * address and pass uncounted. Behind a proxy it belongs above {@link proxyProtocol}, which knows the client. One value
 * used in several stacks is one limit for all of them.
 *
 * @throws RangeError if `limit` is no whole number above 0, or a prefix is no number of bits
 */
export function perAddress(limit: number, options: PeerNetworkOptions = {}): Layer {
  if (!Number.isInteger(limit) || limit < 1) {
    throw new RangeError(
      `Cannot limit connections as the limit must be a whole number > 0: ${limit}`,
    );
  }
  const networkOf = peerNetworks(options);
  const label = `perAddress(${limit})`;
  const open = new Map<string, number>();
  return layer({
    kind: 'admission',
    label,
    traits: ['limits', 'judgesPeer'],
    build(inner, incoming) {
      const network = networkOf(incoming.peer);
      if (network === undefined) return inner.buildProtocol(incoming);
      const count = open.get(network) ?? 0;
      if (count >= limit) {
        const why = `${count} connections are open from its network`;
        incoming.abort({ kind: 'refused', by: label, why });
        return undefined;
      }
      open.set(network, count + 1);
      incoming.onClose(() => {
        const left = (open.get(network) ?? 0) - 1;
        if (left > 0) open.set(network, left);
        else open.delete(network);
      });
      return inner.buildProtocol(incoming);
    },
  });
}
