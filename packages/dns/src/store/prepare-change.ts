// From what somebody wants to what is stored: the serial, and what hooks add.
import type { CommitHook, InTurns } from '../contract/live-zone.ts';
import { atOnce } from '../in-turns.ts';
import { Type } from '../numbers.ts';
import { isSerialAfter } from '../zone/serial.ts';
import { serialOf, withSerial } from '../zone/soa-serial.ts';
import type { ChangeSet, Edit, Zone, ZoneStep } from '../zone/zone.ts';
import { type SerialPolicy, serialAfter } from './serial-policy.ts';

/** How a change is completed. */
export interface ChangeRules {
  readonly serials: SerialPolicy;
  readonly hooks: readonly CommitHook[];
  readonly epochMs: () => number;
}

/** Options for {@link prepareChange}. */
export interface PrepareOptions {
  readonly rules: ChangeRules;
  /** Lets others have their turn. @defaultValue all at once */
  readonly inTurns?: InTurns | undefined;
  /** What `before` becomes by the edits, if that is known. */
  readonly step?: ZoneStep | undefined;
  /** A serial to be after, besides that of the zone. */
  readonly floor?: number | undefined;
  /** Hooks are told that the zone is made, as nobody knows what it was before. @defaultValue false */
  readonly unknownBefore?: boolean | undefined;
}

/** A change as it is stored. */
export interface PreparedChange {
  readonly zone: Zone;
  readonly changeSet: ChangeSet;
}

/**
 * The change that `edits` are, with a serial after that of `before` and after `floor`, and what the hooks add to it;
 * undefined if it changes nothing. Hooks see the serial it will have. Throws what a hook throws.
 */
export async function prepareChange(
  before: Zone,
  edits: readonly Edit[],
  options: PrepareOptions,
): Promise<PreparedChange | undefined> {
  const { rules, floor = before.serial, unknownBefore = false, inTurns = atOnce } = options;
  let next = options.step ?? (await inTurns(before.changing(edits)));
  if (next === undefined) return undefined;
  const serial = chooseSerial({ before, after: next.zone, edits, rules, floor });
  if (serial !== next.zone.serial) {
    const rrset = withSerial(next.zone.soa, serial);
    next = await inTurns(before.amending(next, [{ name: rrset.name, type: Type.SOA, rrset }]));
  }
  for (const hook of rules.hooks) {
    const { zone, changeSet } = next;
    const known = unknownBefore ? undefined : before;
    const added = await hook(known, zone, changeSet.changes, inTurns);
    next = await inTurns(before.amending(next, added));
  }
  return next;
}

interface SerialChoice {
  readonly before: Zone;
  readonly after: Zone;
  readonly edits: readonly Edit[];
  readonly rules: ChangeRules;
  readonly floor: number;
}

/** That of the policy, unless the edits have a SOA whose serial is late enough. */
function chooseSerial({ before, after, edits, rules, floor }: SerialChoice): number {
  const edited = edits.findLast(
    ({ name, type }) => type === Type.SOA && name.equals(before.origin),
  )?.rrset;
  if (edited !== undefined) {
    const serial = serialOf(edited);
    if (serial === after.serial && isSerialAfter(serial, floor)) return serial;
  }
  const latest = isSerialAfter(floor, before.serial) ? floor : before.serial;
  return serialAfter(rules.serials, latest, rules.epochMs);
}
