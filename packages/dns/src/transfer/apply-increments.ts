// The changes of a transfer on the zone they were made from (RFC 1995 §4). What takes away what is not there was made from
// something else, and is not believed: the whole zone tells.
import type { DnsRecord } from '../message/record.ts';
import { Type } from '../numbers.ts';
import type { Rdata } from '../rdata/rdata.ts';
import type { RRset } from '../zone/rrset.ts';
import type { ChangeSet, Edit, Zone } from '../zone/zone.ts';
import { recordKey } from './record-changes.ts';

/** A version of a zone, and the way to it from the one before. */
export interface Version {
  readonly zone: Zone;
  readonly changeSet: ChangeSet;
}

interface Draft {
  readonly name: DnsRecord['name'];
  readonly type: number;
  ttl: number;
  readonly records: Map<string, Rdata>;
}

/**
 * What `records` make of `base`: the newest start of authority, the steps in their order, and the newest start of authority
 * again. Text says why they do not fit.
 */
export function applyIncrements(base: Zone, records: readonly DnsRecord[]): Version | string {
  const drafts = new Map<string, Draft>();
  const newest = records[0];
  let removing = false;
  for (const record of records.slice(1, -1)) {
    if (record.type === Type.SOA && record.name.equals(base.origin)) {
      removing = !removing;
      continue;
    }
    const draft = draftOf(drafts, base, record);
    if (!removing) add(draft, record);
    else if (!remove(draft, record)) return `they take from "${record.name}" what it does not have`;
  }
  if (newest === undefined) return 'there are no changes';
  const edits = [...drafts.values()].map(toEdit);
  edits.push({ name: base.origin, type: Type.SOA, rrset: soaOf(newest) });
  try {
    return base.change(edits) ?? 'they change nothing';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function draftOf(drafts: Map<string, Draft>, base: Zone, { name, type, ttl }: DnsRecord): Draft {
  const id = `${type}/${name.key}`;
  let draft = drafts.get(id);
  if (draft === undefined) {
    const rrset = base.get(name, type);
    const records = rrset?.records ?? [];
    draft = {
      name: rrset?.name ?? name,
      type,
      ttl: rrset?.ttl ?? ttl,
      records: new Map(records.map((each) => [recordKey(each), each])),
    };
    drafts.set(id, draft);
  }
  return draft;
}

function remove(draft: Draft, { rdata }: DnsRecord): boolean {
  return rdata !== undefined && draft.records.delete(recordKey(rdata));
}

/** What is there already is no mistake: NSD 4.6 adds again what the origin of a zone has. */
function add(draft: Draft, { type, ttl, rdata }: DnsRecord): void {
  if (rdata === undefined) return;
  // Signatures have TTLs of their own; of anything else the newest counts for all.
  const alone = draft.records.size === 0;
  draft.ttl = type === Type.RRSIG && !alone ? Math.min(draft.ttl, ttl) : ttl;
  draft.records.set(recordKey(rdata), rdata);
}

function soaOf({ name, type, ttl, rdata }: DnsRecord): RRset | undefined {
  return rdata && { name, type, ttl, records: [rdata] };
}

function toEdit({ name, type, ttl, records }: Draft): Edit {
  const list = [...records.values()];
  return { name, type, rrset: list.length === 0 ? undefined : { name, type, ttl, records: list } };
}
