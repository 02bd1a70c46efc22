// Changes of records as JSON, and what they mean for a zone.
import type { Decision, LeaseEdit } from '../../contract/live-zone.ts';
import { usageError } from '../../errors.ts';
import type { Name } from '../../name.ts';
import { formatType, isMetaType, parseType, Type } from '../../numbers.ts';
import { encodeRdata } from '../../rdata/encode-rdata.ts';
import type { Rdata } from '../../rdata/rdata.ts';
import { rdataKey } from '../../rdata/rdata-key.ts';
import { rdataFromText, rdataToText } from '../../rdata/rdata-text.ts';
import type { RecordValue } from '../../rdata/value.ts';
import { nameIn } from '../../zone/name-in.ts';
import {
  MAX_RECORDS,
  MAX_RRSET_BYTES,
  MAX_TTL,
  RECORD_BYTES,
  type RRset,
} from '../../zone/rrset.ts';
import { isSignerRecord } from '../../zone/signer-record.ts';
import type { Zone } from '../../zone/zone.ts';
import { type WorkingRRset, WorkingZone } from '../message/working-zone.ts';
import { Problem } from './problem.ts';

/** What a change does: make the values all there are, add or remove some, or delete a type or a whole name. */
type ChangeOperation = 'set' | 'add' | 'remove' | 'delete';

/** One change, understood. */
export interface RecordChange {
  readonly operation: ChangeOperation;
  readonly name: Name;
  /** Undefined: every type of the name. */
  readonly type: number | undefined;
  readonly ttl: number | undefined;
  readonly records: readonly Rdata[];
  /** Seconds until what is set or added goes by itself. */
  readonly leaseSeconds: number | undefined;
}

/** An RRset as JSON. Values as in zone files, names in them absolute with a final dot. */
export interface ApiRRset {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly values: readonly string[];
}

/** An RRset as JSON. */
export function describe({ name, type, ttl, records }: RRset): ApiRRset {
  const values = records.map((rdata) => rdataToText(type, rdata));
  return { name: name.toString(), type: formatType(type), ttl, values };
}

const members = new Set(['operation', 'name', 'type', 'ttl', 'values', 'leaseSeconds']);

/** The change of `zone` that `body` describes. Throws Problem. */
export function readChange(body: unknown, zone: Zone): RecordChange {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new Problem(422, 'Cannot use the change as it must be an object');
  }
  const given = body as Readonly<Record<string, unknown>>;
  const stranger = Object.keys(given).find((member) => !members.has(member));
  if (stranger !== undefined)
    throw new Problem(422, `Cannot use "${stranger.slice(0, 80)}" as it is not a part of a change`);
  const { operation, name, type, ttl, values, leaseSeconds } = given;
  if (
    operation !== 'set' &&
    operation !== 'add' &&
    operation !== 'remove' &&
    operation !== 'delete'
  ) {
    throw new Problem(
      422,
      'Cannot use the change as operation must be "set", "add", "remove" or "delete"',
    );
  }
  if (typeof name !== 'string') throw new Problem(422, 'Cannot use the change as it needs a name');
  if (type !== undefined && typeof type !== 'string')
    throw new Problem(422, 'Cannot use the change as type must be text');
  if (type === undefined && operation !== 'delete')
    throw new Problem(422, 'Cannot use the change as it needs a type');
  const number = type === undefined ? undefined : readType(type);
  const owner = readName(name, zone.origin);
  // Before anything is said of the values.
  if (number !== undefined) checkOwned(zone, owner, number);
  const deletes = operation === 'delete';
  if (deletes && (values !== undefined || ttl !== undefined)) {
    throw new Problem(422, 'Cannot delete with values or ttl: "remove" is for single values');
  }
  return {
    operation,
    name: owner,
    type: number,
    ttl: readNumber('ttl', ttl, MAX_TTL, 0),
    records: deletes || number === undefined ? [] : readValues(number, values, zone.origin),
    leaseSeconds: readNumber('leaseSeconds', leaseSeconds, 0xffff_ffff, 1),
  };
}

/** As {@link nameIn}, but throws Problem. */
export function readName(text: string, origin: Name): Name {
  return sound(() => nameIn(origin, text));
}

/** Throws Problem. */
export function readType(text: string): number {
  const type = sound(() => parseType(text));
  if (isMetaType(type)) throw new Problem(422, `Cannot use "${text}" as it is no type of data`);
  return type;
}

/** A change costs as much as so many steps of other work; the copy of a record is one. */
const CHANGE_STEPS = 20;

/** What `changes` make of `zone`, one after the other, in steps. Throws Problem with the index of what cannot be done. */
export function* decide(
  zone: Zone,
  changes: readonly RecordChange[],
  terms: ChangeTerms,
): Generator<number, Pick<Decision<void>, 'edits' | 'leases'>, void> {
  const work = new WorkingZone(zone);
  let copied = 0;
  const wanted: WantedLease[] = [];
  for (const [index, change] of changes.entries()) {
    const { name, operation } = change;
    for (const type of change.type === undefined ? typesAt(work, zone, name) : [change.type]) {
      if (!terms.mayUse(name, type))
        throw new Problem(403, `Cannot change ${formatType(type)} at "${name}" with this token`, {
          index,
        });
      checkOwned(zone, name, type, index);
      // Not copied if there is nothing to do.
      if ((operation === 'delete' || operation === 'remove') && !work.has(name, type)) continue;
      if (operation === 'delete') {
        work.delete(name, type);
        continue;
      }
      const rrset = work.rrset(name, type);
      const keys = make(work, rrset, { change, ttl: terms.ttl });
      yield CHANGE_STEPS + keys.length + work.copied - copied;
      ({ copied } = work);
      if (operation === 'remove') continue;
      checkSize(rrset, index);
      const { leaseSeconds } = change;
      const expires = leaseSeconds === undefined ? undefined : terms.now + leaseSeconds * 1000;
      for (const [key, { wire }] of keys)
        wanted.push({
          rrset,
          key,
          octets: wire.toString('latin1'),
          lease: { name, type, rdata: wire, expires },
        });
    }
  }
  // A lease is of a record that is there at the end, spelled as it is there.
  const leases = wanted
    .filter(({ rrset, key, octets }) => {
      const held = rrset.records.get(key);
      return held !== undefined && held === octets;
    })
    .map(({ lease }) => lease);
  return { edits: yield* work.edits(), leases };
}

/** Throws Problem for what the signer of the zone maintains. */
function checkOwned(zone: Zone, name: Name, type: number, index?: number): void {
  if (!isSignerRecord(zone, { name, type })) return;
  const what = `${formatType(type)} at "${name}"`;
  throw new Problem(422, `Cannot change ${what} as it belongs to who signs the zone`, { index });
}

/** What changes may do, and what they take for granted. */
export interface ChangeTerms {
  /** Of what is set without one, in seconds. */
  readonly ttl: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  mayUse(name: Name, type: number): boolean;
}

interface WantedLease {
  readonly rrset: WorkingRRset;
  readonly key: string;
  readonly octets: string;
  readonly lease: LeaseEdit;
}

/** What a whole name has: neither what belongs to the signer, nor what goes only with the zone. */
function typesAt(work: WorkingZone, zone: Zone, name: Name): number[] {
  const apex = name.equals(work.origin);
  return work
    .typesAt(name)
    .filter((type) => !isSignerRecord(zone, { name, type }))
    .filter((type) => !(apex && (type === Type.SOA || type === Type.NS)));
}

/** Makes one change of one RRset. Gives what it put there, by key. */
function make(
  work: WorkingZone,
  rrset: WorkingRRset,
  { change, ttl }: { readonly change: RecordChange; readonly ttl: number },
): [string, Rdata][] {
  const { operation, records } = change;
  if (operation === 'set') work.clear(rrset);
  // Also where the only value has just been removed, for another to take its place.
  rrset.ttl = change.ttl ?? rrset.ttl ?? ttl;
  if (operation === 'remove') for (const rdata of records) work.take(rrset, rdata);
  if (operation === 'remove') return [];
  return records.map((rdata) => [work.put(rrset, rdata), rdata]);
}

function checkSize({ name, type, records, bytes }: WorkingRRset, index: number): void {
  const size = bytes + records.size * RECORD_BYTES;
  // Of the several SOA records only one would stay, and nobody could say which.
  const most = type === Type.SOA ? 1 : MAX_RECORDS;
  if (records.size <= most && size <= MAX_RRSET_BYTES) return;
  throw new Problem(
    422,
    `Cannot hold ${records.size} ${formatType(type)} records of "${name}" in ${size} octets`,
    { index },
  );
}

function readValues(type: number, values: unknown, origin: Name): Rdata[] {
  if (!Array.isArray(values) || values.length === 0 || values.length > MAX_RECORDS) {
    throw new Problem(422, `Cannot use the change as values must be a list of 1 to ${MAX_RECORDS}`);
  }
  const keyed = new Map<string, Rdata>();
  for (const value of values as unknown[]) {
    const rdata = sound(() => {
      if (typeof value === 'string') return rdataFromText(type, value, { zone: origin });
      if (typeof value !== 'object' || value === null)
        throw usageError(
          'HAWSER_DNS_RDATA',
          'Cannot use a value as it is neither text nor an object',
        );
      return encodeRdata(type, value as RecordValue, origin);
    });
    keyed.set(rdataKey(type, rdata.wire.toString('latin1')), rdata);
  }
  return [...keyed.values()];
}

function readNumber(name: string, value: unknown, most: number, least: number): number | undefined {
  if (value === undefined) return undefined;
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most)
    return value as number;
  throw new Problem(422, `Cannot use ${name} as it must be ${least} to ${most} seconds`);
}

/** What `read` gives. What the codecs say of bad input is for the client to mend. */
function sound<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (error instanceof Error && typeof code === 'string' && code.startsWith('HAWSER_DNS_')) {
      throw new Problem(422, error.message);
    }
    throw error;
  }
}
