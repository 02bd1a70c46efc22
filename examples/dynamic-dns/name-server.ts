import {
  type DnsService,
  type DynamicZone,
  dnsService,
  type Notifier,
  notifier,
  type Transfers,
  transfers,
  type Updates,
  updates,
} from '@hawser/dns';
import type { Certificate, TsigKeys } from './first-run.ts';
import type { Settings } from './settings.ts';

/** Who answers for the zone, who copies it, who is told of changes, and who makes them. */
export interface NameServer {
  readonly service: DnsService;
  readonly copies: Transfers;
  readonly notices: Notifier;
  readonly changes: Updates;
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
  const notices = notifier(zone, { also: secondaries });
  const changes = updates(zone, { policy: [{ key: '*', names: '*' }] });
  // First = outermost: each handler takes what is for it, the zone answers the rest.
  const service = dnsService(`${host}:${dnsPort}`, [changes, copies, notices, zone], {
    keys: keys.all,
    tls: { ...certificate, port: dotPort },
  });
  return { service, copies, notices, changes };
}
