// What the sources of one zone have in common while they are read: the records, the problems, and the limits.
import { usageError } from '../errors.ts';
import { isWithin, Name } from '../name.ts';
import { formatType, Type } from '../numbers.ts';
import { isTtl, MAX_RECORDS, MAX_RRSET_BYTES } from '../zone/rrset.ts';
import type { Place, ZoneFileProblem } from './problem.ts';
import type { TtlState } from './record-reader.ts';
import { type Addition, type RecordPlace, ZoneRecords } from './zone-records.ts';

/** How zone data is read. */
export interface GatherOptions {
  /** Cuts TXT strings of more than 255 octets into several, which is an error otherwise. @defaultValue false */
  readonly autoSplitTxt?: boolean | undefined;
  /** TTL of records that give none, where nothing in the data says another. @defaultValue none: that is an error */
  readonly ttl?: number | undefined;
  /** Most errors, and most warnings, that are kept; reading stops at the last error. @defaultValue 100 */
  readonly maxProblems?: number | undefined;
  /** Most records that $GENERATE makes in all. @defaultValue 262_144 */
  readonly maxGenerated?: number | undefined;
}

/** Gathers the records of one zone. */
export class ZoneGatherer {
  readonly origin: Name;
  /** The first source. */
  readonly file: string;
  readonly records: ZoneRecords = new ZoneRecords();
  readonly errors: ZoneFileProblem[] = [];
  readonly warnings: ZoneFileProblem[] = [];
  readonly ttls: TtlState;
  readonly autoSplitTxt: boolean;
  readonly maxGenerated: number;
  generated = 0;
  readonly #maxProblems: number;

  constructor(origin: Name, options: GatherOptions & { readonly file: string }) {
    const { autoSplitTxt = false, ttl, maxProblems = 100, maxGenerated = 262_144 } = options;
    if ((ttl !== undefined && !isTtl(ttl)) || !(maxProblems >= 1) || !(maxGenerated >= 0)) {
      const why = 'ttl must be a TTL, maxProblems 1 or more, maxGenerated 0 or more';
      throw usageError('HAWSER_DNS_OPTIONS', `Cannot read zone "${origin}" as ${why}`);
    }
    this.origin = origin;
    this.file = options.file;
    this.ttls = { default: undefined, last: undefined, minimum: undefined, fallback: ttl };
    this.autoSplitTxt = autoSplitTxt;
    this.maxGenerated = maxGenerated;
    this.#maxProblems = maxProblems;
  }

  /** True if there are so many errors that reading on helps nobody. */
  get done(): boolean {
    return this.errors.length >= this.#maxProblems;
  }

  /** Keeps a record, if it belongs to the zone. */
  add(record: RecordPlace): Addition | 'elsewhere' | 'below' {
    if (!isWithin(record.key, this.origin.key)) return 'elsewhere';
    if (record.type === Type.SOA && record.key !== this.origin.key) return 'below';
    return this.records.add(record);
  }

  /** Says what is wrong or odd about a record that {@link add} did not just keep. */
  remark(
    addition: ReturnType<ZoneGatherer['add']>,
    { owner, type, ttl }: RecordPlace,
    place: Place,
  ): void {
    const shown = `${formatType(type)} of "${Name.fromOctets(owner)}"`;
    switch (addition) {
      case 'kept':
      case 'duplicate':
        return;
      case 'elsewhere':
        return this.error(place, `Cannot keep ${shown} as it is not in "${this.origin}"`);
      case 'below':
        return this.error(place, `Cannot keep ${shown} as the zone begins at "${this.origin}"`);
      case 'too many':
        return this.error(
          place,
          `Cannot keep ${shown} as there are ${MAX_RECORDS} records or ${MAX_RRSET_BYTES} octets of them`,
        );
      case 'lower TTL':
        return this.warn(place, `The TTL of ${shown} becomes ${ttl}, the lowest one given`);
      case 'higher TTL':
        return this.warn(place, `The TTL of ${shown} is lower than ${ttl} in a record before`);
    }
  }

  error(place: Place, message: string): void {
    if (!this.done) this.errors.push({ ...place, message });
  }

  warn(place: Place, message: string): void {
    if (this.warnings.length < this.#maxProblems) this.warnings.push({ ...place, message });
  }
}
