// Zone data in master file format (RFC 1035 §5) that is all there: from text or octets to RRsets.
import { atOnce } from '../in-turns.ts';
import { Name } from '../name.ts';
import type { RRset } from '../zone/rrset.ts';
import { checkZone } from './check-zone.ts';
import type { ZoneFileProblem } from './problem.ts';
import { SourceReader } from './source-reader.ts';
import { type GatherOptions, ZoneGatherer } from './zone-gatherer.ts';

/** Includes within includes. */
export const MAX_INCLUDE_DEPTH = 8;

/** Options for {@link parseZone}. */
export interface ParseZoneOptions extends GatherOptions {
  /** Name of the zone: what names are relative to until an $ORIGIN says otherwise. */
  readonly origin: Name | string;
  /** What problems call the source. @defaultValue `"zone"` */
  readonly file?: string | undefined;
  /**
   * Gives the content that an $INCLUDE names, or throws. The name is as it is written: what may be read is yours to decide.
   * @defaultValue includes are errors
   */
  readonly include?: ((file: string, from: string) => string | Uint8Array) | undefined;
  /** Includes within includes. @defaultValue 8 */
  readonly maxIncludeDepth?: number | undefined;
  /** Whether the records must make a whole zone, with its SOA. @defaultValue true */
  readonly check?: boolean | undefined;
}

/** What was read. */
export interface ParsedZone {
  readonly origin: Name;
  /**
   * In the order of the source, each with the records it has there, without duplicates. Read their fields one by one, as
   * `{ ...rrset }` does not copy them.
   */
  readonly rrsets: readonly RRset[];
  /** Why this is not a zone to serve; none if it is. Records with an error are left out. */
  readonly errors: readonly ZoneFileProblem[];
  /** What is most likely not meant. */
  readonly warnings: readonly ZoneFileProblem[];
}

/**
 * Reads a whole zone. Mistakes in `source` do not throw: all of them are listed, up to 100.
 * @throws UsageError `HAWSER_DNS_NAME` for a bad origin, `HAWSER_DNS_OPTIONS`
 */
export function parseZone(source: string | Uint8Array, options: ParseZoneOptions): ParsedZone {
  const { file = 'zone', include, maxIncludeDepth = MAX_INCLUDE_DEPTH, check = true } = options;
  const origin = toName(options.origin);
  const gatherer = new ZoneGatherer(origin, { ...options, file });
  const read = (content: string | Uint8Array, from: string, base: Name, depth: number): void => {
    const reader = new SourceReader(from, base, gatherer);
    reader.feed(toBuffer(content), true);
    for (let wanted = reader.advance(); wanted !== undefined; wanted = reader.advance()) {
      if (wanted === 'more') continue;
      if (depth >= maxIncludeDepth) {
        wanted.fail(`includes are nested ${maxIncludeDepth} deep at most`);
      } else if (include === undefined) {
        wanted.fail('nothing was said about where files are');
      } else {
        let found: string | Uint8Array;
        try {
          found = include(wanted.file, from);
        } catch (error) {
          wanted.fail(
            `it cannot be read: ${error instanceof Error ? error.message : String(error)}`,
          );
          continue;
        }
        read(found, wanted.file, wanted.origin, depth + 1);
      }
    }
  };
  read(source, file, origin, 0);
  if (check) atOnce(checkZone(gatherer));
  return atOnce(finish(gatherer));
}

/** That many RRsets take the time of a step of other work. */
const RRSETS_A_STEP = 8;

/** What was gathered, in steps. */
export function* finish(gatherer: ZoneGatherer): Generator<number, ParsedZone, void> {
  const { origin, records, errors, warnings } = gatherer;
  const rrsets: RRset[] = [];
  for (const rrset of records.rrsets()) {
    rrsets.push(rrset);
    if (rrsets.length % RRSETS_A_STEP === 0) yield 1;
  }
  return { origin, rrsets, errors, warnings };
}

/** A name that may be given as text. */
export function toName(name: Name | string): Name {
  return typeof name === 'string' ? Name.parse(name) : name;
}

function toBuffer(content: string | Uint8Array): Buffer {
  if (typeof content === 'string') return Buffer.from(content);
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength);
}
