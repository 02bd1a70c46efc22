import {
  type DnsService,
  type DynamicZone,
  dnsService,
  notifier,
  type Transfers,
  transfers,
  updates,
} from '@hawser/dns';
import type { Certificate, TsigKeys } from './first-run.ts';
import type { Settings } from './settings.ts';

/** Who answers for the zone, and what has been copied of it. */
export interface NameServer {
  readonly service: DnsService;
  readonly copies: Transfers;
}

/**
 * Answers for the zone on UDP, TCP and TLS. Whoever has a key may change everything but what delegates or rules the zone
 * (RFC 2136), and copy it. Secondaries are told of each change.
 */
export function nameServer(
  zone: DynamicZone,
  {
    settings: { host, dnsPort, dotPort, secondaries },
    keys,
    certificate,
  }: { readonly settings: Settings; readonly keys: TsigKeys; readonly certificate: Certificate },
): NameServer {
  const copies = transfers(zone, { allow: keys.all.map((key) => ({ key })) });
  // First = outermost: each handler takes what is for it, the zone answers the rest.
  const handlers = [
    updates(zone, { policy: [{ key: '*', names: '*' }] }),
    copies,
    notifier(zone, { also: secondaries }),
    zone,
  ];
  const service = dnsService(`${host}:${dnsPort}`, handlers, {
    keys: keys.all,
    tls: { ...certificate, port: dotPort },
  });
  return { service, copies };
}
