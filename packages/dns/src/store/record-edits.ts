// What somebody wants to have changed, in the words of a program, as a decision on a zone.
import type { Decision, LeaseEdit } from '../contract/live-zone.ts';
import { usageError } from '../errors.ts';
import type { Name } from '../name.ts';
import { parseType, Type } from '../numbers.ts';
import type { RecordValue } from '../rdata/value.ts';
import { nameIn } from '../zone/name-in.ts';
import { createRRset, toList } from '../zone/rrset.ts';
import { isSerialAfter } from '../zone/serial.ts';
import { isSignerRecord } from '../zone/signer-record.ts';
import { withSerial } from '../zone/soa-serial.ts';
import type { Edit, Zone } from '../zone/zone.ts';

/** One wish for `DynamicZone.change`: values for a name and type, or none to delete. */
export interface RecordEdit {
  /** Relative to the zone, or whole. */
  readonly name: string;
  readonly type: string;
  /** A name in a value is whole, with or without a final dot, but for a single label without one, which is in the zone, and `"@"`. */
  readonly values?: RecordValue | readonly RecordValue[] | undefined;
  /** Seconds. @defaultValue that of the zone */
  readonly ttl?: number | undefined;
  /** Seconds after which these records go by themselves, unless they are set again. @defaultValue never */
  readonly leaseSeconds?: number | undefined;
}

/** What {@link decisionOn} takes for granted. */
export interface EditTerms {
  readonly origin: Name;
  /** Of what is set without one, in seconds. */
  readonly ttl: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Longest life of a record that goes by itself, in seconds: ten years. */
const MAX_LEASE_S = 315_360_000;

/** The edits and leases that `wishes` are. Throws as `DynamicZone.change`. */
export function decisionOn(
  wishes: readonly RecordEdit[],
  { origin, ttl: defaultTtl, now }: EditTerms,
): Decision<undefined> {
  const edits: Edit[] = [];
  const leases: LeaseEdit[] = [];
  for (const { name: text, type: typeText, values, ttl = defaultTtl, leaseSeconds } of wishes) {
    const name = nameIn(origin, text);
    const type = parseType(typeText);
    const expires = leaseEnd(leaseSeconds, now);
    const list = values === undefined ? [] : toList(values);
    if (list.length === 0) edits.push({ name, type, rrset: undefined });
    else {
      edits.push({ name, type, rrset: createRRset(name, type, { ttl, values: list, origin }) });
      // Who sets records without a lease means them to stay.
      leases.push({ name, type, expires });
    }
  }
  return { edits, leases, result: undefined };
}

/** When a lease that begins at `now` ends, in milliseconds since 1970. Throws UsageError `HAWSER_DNS_OPTIONS`. */
export function leaseEnd(seconds: number | undefined, now: number): number | undefined {
  if (seconds === undefined) return undefined;
  if (!(seconds > 0 && seconds <= MAX_LEASE_S))
    throw usageError(
      'HAWSER_DNS_OPTIONS',
      `Cannot let records go as it must be in more than 0 and at most ${MAX_LEASE_S} seconds: ${seconds}`,
    );
  return Math.ceil(now + seconds * 1000);
}

/** The types that go with a name. The zone itself stays: its SOA and NS, and its keys, go only with the zone. */
export function deletableAt(zone: Zone, name: Name): number[] {
  if (!name.equals(zone.origin)) return typesAt(zone, name);
  return ownTypesAt(zone, name).filter((type) => type !== Type.SOA && type !== Type.NS);
}

/** The types a name has but for those the signer maintains. */
export function ownTypesAt(zone: Zone, name: Name): number[] {
  return typesAt(zone, name).filter((type) => !isSignerRecord(zone, { name, type }));
}

/** The change that does nothing but set a later serial. Throws as `DynamicZone.raiseSerial`. */
export function raisingSerial(zone: Zone, serial: number): Decision<undefined> {
  const isSerial = Number.isInteger(serial) && serial > 0 && serial <= 0xffff_ffff;
  if (!isSerial || !isSerialAfter(serial, zone.serial)) {
    const rule = `it must be after ${zone.serial}, by less than 2147483648`;
    throw usageError('HAWSER_DNS_OPTIONS', `Cannot raise the serial as ${rule}: ${serial}`);
  }
  const rrset = withSerial(zone.soa, serial);
  return { edits: [{ name: zone.origin, type: Type.SOA, rrset }], result: undefined };
}

function typesAt(zone: Zone, { key }: Name): number[] {
  return zone.node(key)?.list.map(({ type }) => type) ?? [];
}
