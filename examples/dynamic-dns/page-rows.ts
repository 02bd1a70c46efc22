import type { DynamicZone, RecordValue } from '@hawser/dns';
import type { PageRow, PageState } from './status-page.ts';

/** The records of the zone, a line each, without signatures and keys. */
export function rowsOf(zone: DynamicZone): PageRow[] {
  return zone
    .list()
    .flatMap(({ name, type, ttl, values }) =>
      values.map((value) => ({ name, type, ttl, data: formatValue(value) })),
    );
}

/** What the status page shows. */
export function stateOf(zone: DynamicZone): PageState {
  return { zone: zone.origin.toString(), serial: zone.serial, rows: rowsOf(zone) };
}

function formatValue(value: RecordValue): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return Object.values(value).join(' ');
}
