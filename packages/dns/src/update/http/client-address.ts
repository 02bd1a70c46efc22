// Who sent a request, where a proxy may stand between.
import { type Address, parseIp } from '@hawser/core';
import { addressSet } from '../../address-set.ts';
import type { HttpUpdateContext } from './http-context.ts';

/** Proxies that are believed. */
export interface TrustedProxies {
  /** Their networks, such as `"10.0.0.0/8"`; `"unix"` for those on this machine. */
  readonly from: readonly string[];
  /** The field to which each proxy appends the address of whom it speaks for. @defaultValue `"x-forwarded-for"` */
  readonly header?: string | undefined;
}

/** The IP address of who sent `request`; undefined if there is none, as with a Unix socket. */
export type ClientAddress = (request: Request, context: HttpUpdateContext) => string | undefined;

/** Longest list of hops that is looked at. */
const MAX_HOPS = 32;

/** @throws UsageError `HAWSER_DNS_OPTIONS` for a network that is none */
export function clientAddress(proxies: TrustedProxies | undefined): ClientAddress {
  if (proxies === undefined) return (_, { peer }) => hostOf(peer);
  const { header = 'x-forwarded-for' } = proxies;
  const trusted = addressSet(proxies.from, 'trustedProxies');
  return (request, { peer }) => {
    if (peer === undefined || !trusted.has(peer)) return hostOf(peer);
    const hops = (request.headers.get(header) ?? '').split(',').slice(-MAX_HOPS);
    let client = hostOf(peer);
    // From the near end, as long as the one that speaks is trusted: what a client wrote itself is behind that.
    for (const hop of hops.reverse()) {
      const host = withoutPort(hop.trim());
      if (parseIp(host) === undefined) return client;
      client = host;
      if (!trusted.has({ kind: 'tcp', host, port: 0, family: host.includes(':') ? 6 : 4 }))
        return client;
    }
    return client;
  };
}

/** There are proxies that write `192.0.2.1:4711` and `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)$/.exec(hop) ?? [];
  return bracketed ?? plain ?? hop;
}

/** Whom to count an address with: itself, or the /64 of IPv6 that a subscriber has (RFC 6177). */
export function networkOf(address: string | undefined): string {
  const ip = address === undefined ? undefined : parseIp(address);
  if (ip === undefined) return 'local';
  return Buffer.from(ip.length === 4 ? ip : ip.subarray(0, 8)).toString('hex');
}

function hostOf(peer: Address | undefined): string | undefined {
  return peer !== undefined && 'host' in peer ? peer.host : undefined;
}
