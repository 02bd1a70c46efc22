// What becomes of zones, as metrics: where they are, who copies them, who changes them.
import type { TransferableZone } from '../contract/live-zone.ts';
import { formatRcode } from '../numbers.ts';
import type { NotifyCounters } from '../transfer/notify-courier.ts';
import type { SecondaryCounters } from '../transfer/secondary-zone.ts';
import type { TransferCounters } from '../transfer/transfers.ts';
import type { CopyState } from '../transfer/zone-copy.ts';
import { Zone } from '../zone/zone.ts';
import type { MetricsText } from './metrics-text.ts';

/** What is told of a zone. A `SecondaryZone` has everything of it, others what they have. */
export interface MeteredZone extends Pick<TransferableZone, 'origin' | 'snapshot'> {
  readonly expiresInSeconds?: number | undefined;
  readonly state?: CopyState | undefined;
  readonly refreshedAt?: number | undefined;
  readonly counters?: Readonly<SecondaryCounters> | undefined;
}

/** The parts of a server besides its responder, as far as it has them. */
export interface ZoneMetricsSources {
  /** Zones that are served: immutable ones, dynamic ones, copies. */
  readonly zones?: readonly (Zone | MeteredZone)[] | undefined;
  /** What `transfers` has made. */
  readonly transfers?: { readonly counters: TransferCounters } | undefined;
  /** What `notifier` has made. */
  readonly notifier?: { readonly counters: Readonly<NotifyCounters> } | undefined;
  /** What `updates` has made. */
  readonly updates?: { readonly counters: Readonly<Record<number, number>> } | undefined;
  /**
   * Zones that have lines of their own, the first ones: each is some time series, which somebody has to keep. All of them are
   * counted by state.
   * @defaultValue 1000
   */
  readonly maxZones?: number | undefined;
}

/** Writes what `sources` have. */
export function writeZoneMetrics(text: MetricsText, sources: ZoneMetricsSources): void {
  const { zones, transfers, notifier, updates, maxZones = 1000 } = sources;
  if (zones !== undefined) {
    // The same line twice, and nothing of the whole text would be read.
    const each = new Map(zones.map(toMetered).map((zone) => [zone.origin.key, zone]));
    writeZones(text, [...each.values()], maxZones);
  }
  if (transfers !== undefined) writeTransfers(text, transfers.counters);
  if (notifier !== undefined) writeNotices(text, notifier.counters);
  if (updates !== undefined) {
    text.family('updates_total', 'counter', 'Updates, by response code.');
    for (const [rcode, count] of Object.entries(updates.counters))
      text.line('updates_total', count, { rcode: formatRcode(Number(rcode)) });
  }
}

function toMetered(zone: Zone | MeteredZone): MeteredZone {
  return zone instanceof Zone ? { origin: zone.origin, snapshot: zone } : zone;
}

function writeZones(text: MetricsText, zones: readonly MeteredZone[], maxZones: number): void {
  const states: Record<CopyState, number> = { good: 0, empty: 0, expired: 0 };
  for (const { state, snapshot } of zones) states[state ?? (snapshot ? 'good' : 'empty')]++;
  text.family('zones', 'gauge', 'Zones: with content, without any yet, too old to be served.');
  for (const [state, count] of Object.entries(states)) text.line('zones', count, { state });
  const shown = zones.slice(0, maxZones);
  writeGauge(text, shown, {
    name: 'zone_serial',
    help: 'Serial of what is served.',
    value: ({ snapshot }) => snapshot?.serial,
  });
  writeGauge(text, shown, {
    name: 'zone_names',
    help: 'Names that exist, empty ones included.',
    value: ({ snapshot }) => snapshot?.size,
  });
  writeGauge(text, shown, {
    name: 'zone_expires_seconds',
    help: 'Seconds until a copy is too old if no primary is heard.',
    value: ({ expiresInSeconds }) => expiresInSeconds,
  });
  writeGauge(text, shown, {
    name: 'zone_refreshed_timestamp_seconds',
    help: 'When a primary was heard last.',
    value: ({ refreshedAt }) => refreshedAt && refreshedAt / 1000,
  });
  const copies = zones.flatMap(({ counters }) => counters ?? []);
  if (copies.length > 0) writeCopies(text, copies);
}

interface Gauge {
  readonly name: string;
  readonly help: string;
  readonly value: (zone: MeteredZone) => number | undefined;
}

function writeGauge(
  text: MetricsText,
  zones: readonly MeteredZone[],
  { name, help, value }: Gauge,
): void {
  const known = zones.map((zone) => ({ zone, number: value(zone) }));
  const lines = known.filter(({ number }) => number !== undefined);
  if (lines.length === 0) return;
  text.family(name, 'gauge', help);
  for (const { zone, number = 0 } of lines)
    text.line(name, number, { zone: zone.origin.toString() });
}

/** All copies together: which one is behind, its serial and its age say. */
function writeCopies(text: MetricsText, copies: readonly Readonly<SecondaryCounters>[]): void {
  const sum = (of: keyof SecondaryCounters): number =>
    copies.reduce((total, counters) => total + counters[of], 0);
  text.counter('refreshes_total', 'Looks at a primary.', sum('looks'));
  text.counter('refreshes_failed_total', 'Looks at a primary that failed.', sum('failures'));
  text.family('transfers_in_total', 'counter', 'Versions that were copied.');
  text.line('transfers_in_total', sum('whole'), { kind: 'axfr' });
  text.line('transfers_in_total', sum('changes'), { kind: 'ixfr' });
  text.counter(
    'transfers_in_fell_back_total',
    'Changes that did not fit, so that the whole zone was copied.',
    sum('fellBack'),
  );
  text.family('notifies_in_total', 'counter', 'Notices of primaries, and of strangers.');
  text.line('notifies_in_total', sum('notices'), { result: 'taken' });
  text.line('notifies_in_total', sum('strangers'), { result: 'refused' });
  text.counter('updates_forwarded_total', 'Updates sent on to a primary.', sum('forwarded'));
}

function writeTransfers(text: MetricsText, counters: TransferCounters): void {
  text.family('transfers_out_total', 'counter', 'Transfers that began.');
  text.line('transfers_out_total', counters.axfr, { kind: 'axfr' });
  text.line('transfers_out_total', counters.ixfr, { kind: 'ixfr' });
  text.family('transfers_out_active', 'gauge', 'Transfers that run now.');
  text.line('transfers_out_active', counters.active);
  text.counter(
    'transfers_out_failed_total',
    'Transfers whose client did not take all of it.',
    counters.failed,
  );
  text.family('transfers_out_rejected_total', 'counter', 'Transfers that were not begun.');
  text.line('transfers_out_rejected_total', counters.refused, { reason: 'refused' });
  text.line('transfers_out_rejected_total', counters.overQuota, { reason: 'quota' });
  text.counter(
    'transfers_out_current_total',
    'Clients that had the newest version.',
    counters.upToDate,
  );
}

function writeNotices(text: MetricsText, { sent, delivered, failed }: NotifyCounters): void {
  text.counter('notifies_sent_total', 'Notices sent, repeated ones included.', sent);
  text.counter('notifies_delivered_total', 'Notices that were answered.', delivered);
  text.counter('notifies_failed_total', 'Notices that nobody answered.', failed);
}
