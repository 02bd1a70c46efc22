import type { LiveZone } from '../../contract/live-zone.ts';
import { usageError } from '../../errors.ts';
import type { Name } from '../../name.ts';

/** One zone or several. */
export type Zones = LiveZone | readonly LiveZone[];

/** Finds the zone of a name. */
export class ZoneList {
  readonly zones: readonly LiveZone[];
  readonly #byOrigin: ReadonlyMap<string, LiveZone>;

  /** @throws UsageError `HAWSER_DNS_OPTIONS` if two have the same origin, or there is none */
  constructor(zones: Zones) {
    this.zones = Array.isArray(zones) ? (zones as readonly LiveZone[]) : [zones as LiveZone];
    this.#byOrigin = new Map(this.zones.map((zone) => [zone.origin.key, zone]));
    if (this.zones.length === 0 || this.#byOrigin.size !== this.zones.length) {
      throw usageError('HAWSER_DNS_OPTIONS', 'Cannot change zones as each needs its own origin');
    }
  }

  get origins(): readonly Name[] {
    return this.zones.map(({ origin }) => origin);
  }

  /** The zone with this origin. */
  get(origin: Name): LiveZone | undefined {
    return this.#byOrigin.get(origin.key);
  }

  /** The zone with the longest origin at or above `name`. */
  of(name: Name): LiveZone | undefined {
    for (const suffix of name.suffixes) {
      const zone = this.#byOrigin.get(suffix);
      if (zone !== undefined) return zone;
    }
    return undefined;
  }
}
