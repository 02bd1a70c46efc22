// Makes the changes of an update in their order (RFC 2136 §3.4.2). What the RFC tells to ignore is ignored in silence.
import type { Name } from '../../name.ts';
import { formatType, Type } from '../../numbers.ts';
import { decodeSoa } from '../../rdata/decode-rdata.ts';
import type { Rdata } from '../../rdata/rdata.ts';
import { standsBesideAlias } from '../../zone/apply-edits.ts';
import { MAX_RRSET_BYTES, RECORD_BYTES } from '../../zone/rrset.ts';
import { isSerialAfter } from '../../zone/serial.ts';
import { isSignerRecord } from '../../zone/signer-record.ts';
import type { Edit, Zone } from '../../zone/zone.ts';
import type { UpdateStep } from './read-update.ts';
import { type WorkingRRset, WorkingZone } from './working-zone.ts';

/** What the steps may do. */
export interface StepLimits {
  /** Whether what is there of this type may go, where a whole name is deleted. */
  mayDelete(name: Name, type: number): boolean;
  /** Records that an RRset may have after an addition to it. */
  mostRecords(name: Name, type: number): number;
}

/** The edits, or why there are none. */
export type Applied =
  | {
      readonly ok: true;
      readonly edits: readonly Edit[];
      /** The additions that were not ignored, and whose record is still there at the end. */
      readonly added: readonly Addition[];
    }
  /** A limit or the policy stands against it. */
  | { readonly ok: false; readonly reason: string };

/** A step that adds a record. */
export type Addition = UpdateStep & { readonly kind: 'add' };

/** Records of the RRsets that one update may add to or take from: the largest ones would fill memory for a while. */
const MAX_COPIED = 25_000;
/** Records of the RRsets that one update may delete as a whole: a journal takes up all that goes. */
const MAX_DELETED = 100_000;

/** An addition costs as much as so many steps of other work; the copy of a record is one. */
const CHANGE_STEPS = 10;

/** What `steps` make of `zone`, in steps: all of it or nothing. */
export function* applySteps(
  zone: Zone,
  steps: readonly UpdateStep[],
  limits: StepLimits,
): Generator<number, Applied, void> {
  const work = new WorkingZone(zone);
  let copied = 0;
  const grown = new Map<Addition, Grown>();
  for (const step of steps) {
    switch (step.kind) {
      case 'add': {
        const made = add(work, step);
        if (made !== undefined) grown.set(step, made);
        break;
      }
      case 'deleteName':
        for (const type of work.typesAt(step.name)) {
          if (isKept(zone, step.name, type)) continue;
          if (!limits.mayDelete(step.name, type)) {
            return {
              ok: false,
              reason: `no right to delete ${formatType(type)} at "${step.name}"`,
            };
          }
          work.delete(step.name, type);
          yield CHANGE_STEPS;
        }
        break;
      case 'deleteRRset':
        if (!isApexRule(work.origin, step.name, step.type) && work.has(step.name, step.type))
          work.delete(step.name, step.type);
        break;
      case 'deleteRecord':
        deleteRecord(work, step);
        break;
    }
    yield CHANGE_STEPS + work.copied - copied;
    ({ copied } = work);
    if (copied > MAX_COPIED) return { ok: false, reason: 'it changes too large RRsets' };
    if (work.deleted > MAX_DELETED) return { ok: false, reason: 'it deletes too many records' };
  }
  const rrsets = new Set<WorkingRRset>();
  const added: Addition[] = [];
  for (const [step, { rrset, key }] of grown) {
    rrsets.add(rrset);
    if (rrset.records.has(key)) added.push(step);
  }
  for (const { name, type, records, bytes } of rrsets) {
    const size = bytes + records.size * RECORD_BYTES;
    if (records.size > limits.mostRecords(name, type) || size > MAX_RRSET_BYTES)
      return { ok: false, reason: `too many ${formatType(type)} records at "${name}"` };
  }
  return { ok: true, edits: yield* work.edits(), added };
}

/** What an addition has become: a record in an RRset, by its key. */
interface Grown {
  readonly rrset: WorkingRRset;
  readonly key: string;
}

/** The RRset that has the record now, or undefined if the addition is to be ignored. */
function add(work: WorkingZone, { name, type, ttl, rdata }: Addition): Grown | undefined {
  if (type === Type.SOA) {
    if (!name.equals(work.origin)) return undefined;
    const [held] = work.rrset(name, type).records.values();
    // An older start of authority would hide the change from every secondary.
    if (
      held === undefined ||
      !isSerialAfter(decodeSoa(rdata.wire).serial, decodeSoa(Buffer.from(held, 'latin1')).serial)
    )
      return undefined;
  }
  if (
    type === Type.CNAME
      ? hasOtherData(work, name)
      : work.has(name, Type.CNAME) && !standsBesideAlias(type)
  )
    return undefined;
  const rrset = work.rrset(name, type);
  // There is one of each of these, and the new one takes its place (RFC 2136 §3.4.2.2).
  if (type === Type.SOA || type === Type.CNAME || type === Type.DNAME) work.clear(rrset);
  if (type === Type.WKS) takeServices(work, rrset, rdata);
  rrset.ttl = ttl;
  return { rrset, key: work.put(rrset, rdata) };
}

/** There is one WKS record for an address and a protocol (RFC 2136 §1.1.5): its first octets. */
function takeServices(work: WorkingZone, rrset: WorkingRRset, { wire }: Rdata): void {
  work.takeAll(rrset, wire.toString('latin1', 0, 5));
}

function deleteRecord(
  work: WorkingZone,
  { name, type, rdata }: UpdateStep & { readonly kind: 'deleteRecord' },
): void {
  if (type === Type.SOA || !work.has(name, type)) return;
  const rrset = work.rrset(name, type);
  const last = type === Type.NS && name.equals(work.origin) && rrset.records.size === 1;
  if (!last) work.take(rrset, rdata);
}

function hasOtherData(work: WorkingZone, name: Name): boolean {
  return work.typesAt(name).some((type) => type !== Type.CNAME && !standsBesideAlias(type));
}

/** What goes only with the zone. */
function isApexRule(origin: Name, name: Name, type: number): boolean {
  return (type === Type.SOA || type === Type.NS) && name.equals(origin);
}

/** Signatures, proofs and keys belong to who signs the zone, and follow what they are about. */
function isKept(zone: Zone, name: Name, type: number): boolean {
  return isSignerRecord(zone, { name, type }) || isApexRule(zone.origin, name, type);
}
