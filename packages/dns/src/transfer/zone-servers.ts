// Who else has a zone, by its own records.
import type { Has } from '@hawser/core';
import type { DnsServerOptions } from '../client/dns-server.ts';
import { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import { formatIPv4, formatIPv6 } from '../rdata/address.ts';
import type { Zone } from '../zone/zone.ts';

/** The servers of a zone besides the one its changes come from. */
export interface ZoneServers {
  readonly servers: readonly DnsServerOptions[];
  /** Names of servers whose addresses could not be found. */
  readonly unresolved: readonly Name[];
}

/**
 * The addresses of all name servers of `zone` but the one named in its start of authority (RFC 1996 §2): those the zone
 * has itself, and of others those the resolver knows. An address that the primary has as well is left out.
 */
export async function zoneServers(
  zone: Zone,
  { resolver, port }: Has<'resolver'> & { readonly port: number },
): Promise<ZoneServers> {
  const soa = zone.soa.records[0];
  const primary = soa === undefined ? zone.origin : Name.fromWire(soa.wire);
  const own = new Set(glueOf(zone, primary));
  const names = (zone.get(zone.origin, Type.NS)?.records ?? [])
    .map(({ wire }) => Name.fromWire(wire))
    .filter((name) => !name.equals(primary));
  const hosts = new Set<string>();
  const unresolved: Name[] = [];
  await Promise.all(
    names.map(async (name) => {
      const found = await addressesOf(zone, name, resolver);
      if (found.length === 0) unresolved.push(name);
      for (const host of found) if (!own.has(host)) hosts.add(host);
    }),
  );
  return { servers: [...hosts].sort().map((host) => ({ host, port })), unresolved };
}

/** Addresses that the zone has of `name`, as it has of every server within it. */
function glueOf(zone: Zone, name: Name): string[] {
  const ipv4 = zone.get(name, Type.A)?.records ?? [];
  const ipv6 = zone.get(name, Type.AAAA)?.records ?? [];
  return [...ipv4.map(({ wire }) => formatIPv4(wire)), ...ipv6.map(({ wire }) => formatIPv6(wire))];
}

async function addressesOf(
  zone: Zone,
  name: Name,
  resolver: Has<'resolver'>['resolver'],
): Promise<readonly string[]> {
  const glue = glueOf(zone, name);
  // What is not in the zone although it should be is nowhere else.
  if (glue.length > 0 || name.isSubdomainOf(zone.origin)) return glue;
  try {
    const found = await resolver.lookup(name.toString());
    return found.map(({ host }) => host);
  } catch {
    return [];
  }
}
