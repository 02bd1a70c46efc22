import { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import type { SoaValue } from '../rdata/value.ts';
import { STEADY_TTL } from './default-ttl.ts';
import { createRRset } from './rrset.ts';
import { createSoa, Zone } from './zone.ts';

/** What a zone begins with where nothing is stored. */
export interface NewZoneOptions {
  /** Names of the servers of the zone, the primary first. @defaultValue `ns1` below the origin */
  readonly ns?: readonly string[] | undefined;
  /** Fields of the start of authority that should differ from the defaults. */
  readonly soa?: Partial<SoaValue> | undefined;
  /** TTL of SOA and NS, in seconds. @defaultValue 3600 */
  readonly apexTtl?: number | undefined;
}

/**
 * A zone of nothing but SOA and NS. Negative answers are kept for 60 seconds, as a dynamic name may appear any moment.
 * @throws UsageError `HAWSER_DNS_NAME`, `HAWSER_DNS_RDATA`
 */
export function newZone(origin: Name, options: NewZoneOptions = {}): Zone {
  const { ns = [below(origin, 'ns1')], soa = {}, apexTtl = STEADY_TTL } = options;
  const fields: SoaValue = {
    mname: ns[0] ?? below(origin, 'ns1'),
    rname: below(origin, 'hostmaster'),
    serial: 1,
    refresh: 7200,
    retry: 900,
    expire: 1_209_600,
    minimum: 60,
    ...soa,
  };
  return Zone.of(origin, [
    createSoa(origin, fields, apexTtl),
    createRRset(origin, Type.NS, { ttl: apexTtl, values: ns, origin }),
  ]);
}

function below(origin: Name, label: string): string {
  return Name.fromLabels([Buffer.from(label), ...origin.labels()]).toString();
}
