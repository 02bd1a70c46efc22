import { AddressSet } from '../../connection/address-set.ts';
import { layer } from '../../connection/stack.ts';
import type { Layer } from '../../contract/layer.ts';

/** Addresses and networks: a set to change while it is in use, or a list to make one of. */
export type Addresses = AddressSet | readonly string[];

/**
 * Lets in only peers whose address is listed; others are reset. Peers on a Unix socket or a pipe are refused unless
 * the list has `'unix'` or `'memory'`.
 *
 * @example stack(allowList(['10.0.0.0/8', '2001:db8::/32', '192.0.2.7']))(app)
 * @throws RangeError if an entry is no address or network
 */
export function allowList(addresses: Addresses): Layer {
  return judging({ label: 'allow', addresses, allowed: true });
}

/**
 * Resets peers whose address is listed; everybody else passes, so also those on a Unix socket or a pipe. Behind a
 * proxy it belongs above {@link proxyProtocol}, which knows the client.
 *
 * @throws RangeError if an entry is no address or network
 */
export function denyList(addresses: Addresses): Layer {
  return judging({ label: 'deny', addresses, allowed: false });
}

interface Judging {
  readonly label: string;
  readonly addresses: Addresses;
  /** What it means to be in the list. */
  readonly allowed: boolean;
}

function judging({ label, addresses, allowed }: Judging): Layer {
  const set = addresses instanceof AddressSet ? addresses : new AddressSet(addresses);
  const why = allowed ? 'the address is not allowed' : 'the address is denied';
  return layer({
    kind: 'admission',
    label,
    // An allow list below a proxy is in order: it names the proxies.
    ...(!allowed && { traits: ['judgesPeer'] as const }),
    build(inner, incoming) {
      if (set.has(incoming.peer) === allowed) return inner.buildProtocol(incoming);
      incoming.abort({ kind: 'refused', by: label, why });
      return undefined;
    },
  });
}
