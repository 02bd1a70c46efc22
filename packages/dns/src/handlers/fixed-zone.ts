import type { Authority } from '../contract/handler.ts';
import { usageError } from '../errors.ts';
import { Name } from '../name.ts';
import type { HostRecords } from '../rdata/value.ts';
import { STEADY_TTL } from '../zone/default-ttl.ts';
import { toRRsets } from '../zone/host-records.ts';
import { nameIn } from '../zone/name-in.ts';
import { type NewZoneOptions, newZone } from '../zone/new-zone.ts';
import { Zone } from '../zone/zone.ts';
import { answerZone } from './answer-zone.ts';

/** Options for {@link fixedZone} with names from code. */
export interface FixedZoneOptions extends NewZoneOptions {
  /** What each name holds. Names are relative to the zone, `"@"` is the zone itself. */
  readonly records: Readonly<Record<string, HostRecords>>;
  /** TTL of records without one, in seconds. @defaultValue 3600 */
  readonly ttl?: number | undefined;
}

/**
 * Answers from a zone that stays as it is: one that was read, or one of a few names written down here, whose SOA and NS are
 * made up. A `Zone` among the handlers of a server means the same.
 * @throws UsageError `HAWSER_DNS_NAME`, `HAWSER_DNS_RDATA`, `HAWSER_DNS_ZONE`, `HAWSER_DNS_OUT_OF_ZONE`
 *
 * @example
 * fixedZone('example.net', {
 *   ns: ['ns1.example.net'],
 *   records: { '@': { A: '192.0.2.1' }, ns1: { A: '192.0.2.1' }, '*.dev': { A: '192.0.2.7', ttl: 60 } },
 * });
 */
export function fixedZone(zone: Zone): Authority;
export function fixedZone(origin: string, options: FixedZoneOptions): Authority;
export function fixedZone(source: Zone | string, options?: FixedZoneOptions): Authority {
  const zone = typeof source === 'string' ? makeZone(source, options) : source;
  return { origin: zone.origin, handle: (query) => answerZone(zone, query) };
}

function makeZone(origin: string, options: FixedZoneOptions | undefined): Zone {
  const name = Name.parse(origin);
  if (options === undefined)
    throw usageError('HAWSER_DNS_OPTIONS', `Cannot serve "${name}" as there are no records`);
  const { records, ttl = STEADY_TTL, ...rest } = options;
  const base = newZone(name, rest);
  const rrsets = Object.entries(records).flatMap(([label, held]) =>
    toRRsets(nameIn(name, label), held, { origin: name, ttl }),
  );
  return Zone.of(name, [...base.rrsets(), ...rrsets]);
}
