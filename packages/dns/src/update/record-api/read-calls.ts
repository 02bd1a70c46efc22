// What GET shows.
import { inTurns } from '../../in-turns.ts';
import type { Name } from '../../name.ts';
import type { RRset } from '../../zone/rrset.ts';
import { isSignerRecord } from '../../zone/signer-record.ts';
import type { Zone } from '../../zone/zone.ts';
import { jsonReply } from '../http/reply.ts';
import type { ZoneList } from '../http/zone-list.ts';
import type { ApiCall, ApiLimits, ZoneCall } from './api-call.ts';
import { Problem } from './problem.ts';
import { type ApiRRset, describe, readName, readType } from './record-changes.ts';
import { recordPage } from './record-page.ts';
import { isKnown, notModified, withTag } from './serial-tag.ts';

const DEFAULT_PAGE = 100;

/** All zones that the token is for. */
export function listZones({ token }: ApiCall, { zones }: ZoneList): Response {
  const shown = zones.filter(({ origin }) => token.mayUseZone(origin));
  return jsonReply({ zones: shown.map(({ snapshot }) => describeZone(snapshot)) });
}

/** One zone. */
export function showZone({ zone: { snapshot }, request }: ZoneCall): Response {
  return isKnown(request, snapshot)
    ? notModified(snapshot)
    : withTag(snapshot.serial, describeZone(snapshot));
}

/** A page of records. Throws Problem. */
export async function listRecords(
  { zone, url, token, request, context }: ZoneCall,
  { maxPage }: ApiLimits,
): Promise<Response> {
  const { snapshot } = zone;
  if (isKnown(request, snapshot)) return notModified(snapshot);
  const limit = url.searchParams.get('limit') ?? String(Math.min(DEFAULT_PAGE, maxPage));
  if (!/^\d{1,6}$/.test(limit) || Number(limit) < 1 || Number(limit) > maxPage)
    throw new Problem(400, `Cannot use limit as it must be 1 to ${maxPage}`);
  const name = url.searchParams.get('name');
  const type = url.searchParams.get('type');
  // The first page of a large zone would stop everything else while its names are put in order.
  if (name === null) await inTurns(snapshot.ordering(), context.reactor);
  const pages = recordPage(snapshot, {
    limit: Number(limit),
    after: url.searchParams.get('after') ?? undefined,
    name: name === null ? undefined : readName(name, zone.origin),
    type: type === null ? undefined : readType(type),
    mayUse: (owner, each) => token.mayUse(owner, each),
  });
  const page = await inTurns(pages, context.reactor);
  const records = await inTurns(described(page.rrsets), context.reactor);
  return withTag(snapshot.serial, { records, next: page.next });
}

/** `rrsets` as JSON, in steps. */
function* described(rrsets: readonly RRset[]): Generator<number, ApiRRset[], void> {
  const made: ApiRRset[] = [];
  for (const rrset of rrsets) {
    const each = describe(rrset);
    made.push(each);
    yield 1 + each.values.length;
  }
  return made;
}

/** One RRset. Throws Problem. */
export function showRRset(
  { zone: { snapshot }, request }: ZoneCall,
  { name, type }: { readonly name: Name; readonly type: number },
): Response {
  const rrset = snapshot.get(name, type);
  if (rrset === undefined || isSignerRecord(snapshot, { name, type }))
    throw new Problem(404, 'Cannot find such records');
  return isKnown(request, snapshot)
    ? notModified(snapshot)
    : withTag(snapshot.serial, describe(rrset));
}

function describeZone({ origin, serial, size }: Zone): {
  name: string;
  serial: number;
  names: number;
} {
  return { name: origin.toString(), serial, names: size };
}
