// What an UPDATE message asks for (RFC 2136 §2), checked as far as it can be without the content of the zone.

import { plainRdata } from '../../message/rdata-names.ts';
import { type Message, nameAt, type RecordView, recordsOf } from '../../message/reader.ts';
import type { Name } from '../../name.ts';
import { Class, isMetaType, Rcode, Type } from '../../numbers.ts';
import { checkRdata, type Rdata } from '../../rdata/rdata.ts';
import { MAX_TTL } from '../../zone/rrset.ts';

/** A condition on the content of the zone (RFC 2136 §2.4). */
export type Prerequisite =
  | { readonly kind: 'nameInUse' | 'nameNotInUse'; readonly name: Name }
  | { readonly kind: 'rrsetExists' | 'rrsetAbsent'; readonly name: Name; readonly type: number }
  /** One record of an RRset that must be there with exactly the records that are asked for. */
  | { readonly kind: 'value'; readonly name: Name; readonly type: number; readonly rdata: Rdata };

/** One step of a change (RFC 2136 §2.5). */
export type UpdateStep =
  | {
      readonly kind: 'add';
      readonly name: Name;
      readonly type: number;
      readonly ttl: number;
      readonly rdata: Rdata;
    }
  | { readonly kind: 'deleteName'; readonly name: Name }
  | { readonly kind: 'deleteRRset'; readonly name: Name; readonly type: number }
  | {
      readonly kind: 'deleteRecord';
      readonly name: Name;
      readonly type: number;
      readonly rdata: Rdata;
    };

/** The steps, or the response code of the first record that breaks a rule. */
export type Steps =
  | { readonly ok: true; readonly steps: readonly UpdateStep[] }
  | { readonly ok: false; readonly rcode: number };

/** The prerequisites, or the response code of the first that breaks a rule. */
export type Prerequisites =
  | { readonly ok: true; readonly prerequisites: readonly Prerequisite[] }
  | { readonly ok: false; readonly rcode: number };

/** A record that is read costs as much as so many steps of other work. */
const RECORD_STEPS = 5;

/** Reads the prerequisite section in steps (RFC 2136 §3.2). `origin` is the zone of the message. */
export function* readPrerequisites(
  message: Message,
  origin: Name,
): Generator<number, Prerequisites, void> {
  const prerequisites: Prerequisite[] = [];
  for (const view of recordsOf(message, 'answer')) {
    const read = readPrerequisite(message, view, origin);
    if (typeof read === 'number') return { ok: false, rcode: read };
    prerequisites.push(read);
    yield RECORD_STEPS;
  }
  return { ok: true, prerequisites };
}

/** Reads the update section in steps: the prescan (RFC 2136 §3.4.1). `origin` is the zone of the message. */
export function* readSteps(message: Message, origin: Name): Generator<number, Steps, void> {
  const steps: UpdateStep[] = [];
  for (const view of recordsOf(message, 'authority')) {
    const read = readStep(message, view, origin);
    if (typeof read === 'number') return { ok: false, rcode: read };
    steps.push(read);
    yield RECORD_STEPS;
  }
  return { ok: true, steps };
}

// The order is that of the RFC: a record of another zone is NOTZONE whatever else is wrong with it, but for a TTL in a
// prerequisite.

function readPrerequisite(message: Message, view: RecordView, origin: Name): Prerequisite | number {
  const { type, class: klass } = view;
  const name = nameAt(message, view.nameOffset);
  if (name === undefined || view.ttl !== 0) return Rcode.FormErr;
  if (!name.isSubdomainOf(origin)) return Rcode.NotZone;
  if (klass === Class.IN) {
    // Whoever compares values means data: there is none of a meta type.
    const rdata = isMetaType(type) ? undefined : dataOf(message, view);
    return rdata === undefined ? Rcode.FormErr : { kind: 'value', name, type, rdata };
  }
  if ((klass !== Class.ANY && klass !== Class.NONE) || view.rdataLength !== 0) return Rcode.FormErr;
  if (type === Type.ANY) return { kind: klass === Class.ANY ? 'nameInUse' : 'nameNotInUse', name };
  if (isMetaType(type)) return Rcode.FormErr;
  return { kind: klass === Class.ANY ? 'rrsetExists' : 'rrsetAbsent', name, type };
}

function readStep(message: Message, view: RecordView, origin: Name): UpdateStep | number {
  const { type, class: klass, ttl } = view;
  const name = nameAt(message, view.nameOffset);
  if (name === undefined) return Rcode.FormErr;
  if (!name.isSubdomainOf(origin)) return Rcode.NotZone;
  if (klass === Class.ANY) {
    if (ttl !== 0 || view.rdataLength !== 0) return Rcode.FormErr;
    if (type === Type.ANY) return { kind: 'deleteName', name };
    return isMetaType(type) ? Rcode.FormErr : { kind: 'deleteRRset', name, type };
  }
  if (klass !== Class.IN && klass !== Class.NONE) return Rcode.FormErr;
  if (isMetaType(type) || (klass === Class.NONE && ttl !== 0)) return Rcode.FormErr;
  const rdata = dataOf(message, view);
  if (rdata === undefined) return Rcode.FormErr;
  if (klass === Class.NONE) return { kind: 'deleteRecord', name, type, rdata };
  // A TTL above 2^31 - 1 means zero (RFC 2181 §8).
  return { kind: 'add', name, type, ttl: ttl > MAX_TTL ? 0 : ttl, rdata };
}

/** Undefined for data that its type does not allow. There are types that allow none. */
function dataOf(message: Message, view: RecordView): Rdata | undefined {
  const wire = plainRdata(message, view);
  return wire && checkRdata(view.type, wire);
}
