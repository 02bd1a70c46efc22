import { Name } from '../../name.ts';
import { formatType } from '../../numbers.ts';
import { measureRecords } from '../../zone/packed-rrset.ts';
import type { RRset } from '../../zone/rrset.ts';
import { isSignerRecord } from '../../zone/signer-record.ts';
import type { Zone } from '../../zone/zone.ts';
import type { ZoneNode } from '../../zone/zone-node.ts';
import { Problem } from './problem.ts';
import { readType } from './record-changes.ts';

/** Which records to show. */
export interface PageRequest {
  readonly limit: number;
  /** The last one of the page before: `name/type`. */
  readonly after: string | undefined;
  /** Only of this name. */
  readonly name: Name | undefined;
  readonly type: number | undefined;
  mayUse(name: Name, type: number): boolean;
}

/** Some of the records, in canonical order of their names. */
export interface RecordPage {
  readonly rrsets: readonly RRset[];
  /** For the page after; undefined if there is none. */
  readonly next: string | undefined;
}

/** Names looked at for one page: whoever may see few of a large zone gets short pages. */
const MAX_NAMES = 10_000;

/** A name costs as much as so many steps of other work. */
const NAME_STEPS = 3;
/** Records on one page: there may be a thousand in each RRset. */
const MAX_RECORDS = 10_000;

/** The page after `request.after`, in steps. Costs by the size of the page and not of the zone. Throws Problem. */
export function* recordPage(zone: Zone, request: PageRequest): Generator<number, RecordPage, void> {
  const cursor = request.after === undefined ? undefined : readCursor(request.after);
  if (cursor !== undefined && !cursor.name.isSubdomainOf(zone.origin)) throw badCursor();
  const rrsets: RRset[] = [];
  let looked = 0;
  let records = 0;
  for (const node of nodesFrom(zone, request.name ?? cursor?.name, request.name !== undefined)) {
    const { name } = node;
    const isCursor = cursor !== undefined && name.equals(cursor.name);
    for (const rrset of [...node.list].sort((one, other) => one.type - other.type)) {
      if (isCursor && rrset.type <= cursor.type) continue;
      if (request.type !== undefined && rrset.type !== request.type) continue;
      if (isSignerRecord(zone, rrset) || !request.mayUse(name, rrset.type)) continue;
      const { count } = measureRecords(rrset);
      const isFull = rrsets.length === request.limit || records + count > MAX_RECORDS;
      if (isFull && rrsets.length > 0) return { rrsets, next: cursorOf(rrsets.at(-1)) };
      rrsets.push(rrset);
      records += count;
    }
    yield NAME_STEPS;
    if (++looked === MAX_NAMES) return { rrsets, next: `${name}/TYPE65535` };
  }
  return { rrsets, next: undefined };
}

/** From a name on that may be gone meanwhile. */
function* nodesFrom(
  zone: Zone,
  from: Name | undefined,
  only: boolean,
): Generator<ZoneNode, void, undefined> {
  const first = from === undefined ? zone.node(zone.origin.key) : zone.node(from.key);
  if (first !== undefined) yield first;
  if (only) return;
  let key = (from ?? zone.origin).key;
  for (;;) {
    const { next } = zone.neighbours(key);
    // After the last one comes the first one again.
    if (next.key === zone.origin.key) return;
    yield next;
    key = next.key;
  }
}

function cursorOf(rrset: RRset | undefined): string | undefined {
  return rrset && `${rrset.name}/${formatType(rrset.type)}`;
}

function readCursor(text: string): { readonly name: Name; readonly type: number } {
  const slash = text.lastIndexOf('/');
  try {
    return { name: Name.parse(text.slice(0, slash)), type: readType(text.slice(slash + 1)) };
  } catch {
    throw badCursor();
  }
}

function badCursor(): Problem {
  return new Problem(400, 'Cannot use after as it is not what a page gave as next');
}
