import type { Name } from '../../name.ts';
import { formatType, Type } from '../../numbers.ts';
import { decodeRdata } from '../../rdata/decode-rdata.ts';
import type { RecordValue } from '../../rdata/value.ts';
import { MAX_RECORDS } from '../../zone/rrset.ts';
import { isSignerRecord } from '../../zone/signer-record.ts';
import type { StepLimits } from './apply-steps.ts';
import type { UpdateStep } from './read-update.ts';
import type { KnownPolicy } from './update-policy.ts';
import type { RequestedChange, UpdateRequester } from './update-rule.ts';

/** What the steps may do when they are made, or why they must not be. */
export type Permit =
  | { readonly ok: true; readonly limits: StepLimits }
  | { readonly ok: false; readonly reason: string };

/** A step costs at least as much as so many of other work. */
const LEAST_STEPS = 3;

/** Asks `policy` about every step before any is made (RFC 2136 §3.3), in steps. Throws what a check of the policy throws. */
export function* permitSteps(
  steps: readonly UpdateStep[],
  policy: KnownPolicy,
  requester: UpdateRequester,
): Generator<number, Permit, void> {
  const { key } = requester;
  const most = new Map<string, number>();
  for (const step of steps) {
    const { name } = step;
    const operation = step.kind === 'add' ? 'add' : 'delete';
    const type = step.kind === 'deleteName' ? Type.ANY : step.type;
    const ttl = step.kind === 'add' ? step.ttl : 0;
    const allowance = isSignerRecord(requester.zone, { name, type })
      ? undefined
      : policy.allowance({ operation, name, type, ttl }, key);
    // What a deleted name has is not known yet: each type is asked about when it goes.
    const passed =
      policy.checks.length === 0 ||
      step.kind === 'deleteName' ||
      passes(changeOf(step), policy, requester);
    if (allowance === undefined || !passed) {
      return { ok: false, reason: `no right to ${operation} ${formatType(type)} at "${name}"` };
    }
    yield LEAST_STEPS + policy.patterns;
    if (allowance < MAX_RECORDS && operation === 'add') {
      const id = rrsetId(name, type);
      most.set(id, Math.min(most.get(id) ?? MAX_RECORDS, allowance));
    }
  }
  return {
    ok: true,
    limits: {
      mayDelete: (name, type) =>
        policy.allowance({ operation: 'delete', name, type, ttl: 0 }, key) !== undefined &&
        passes(deletion(name, type), policy, requester),
      mostRecords: (name, type) => most.get(rrsetId(name, type)) ?? MAX_RECORDS,
    },
  };
}

function passes(
  change: RequestedChange,
  { checks }: KnownPolicy,
  requester: UpdateRequester,
): boolean {
  return checks.every((check) => check(change, requester) === true);
}

function changeOf(step: Exclude<UpdateStep, { readonly kind: 'deleteName' }>): RequestedChange {
  const { kind, name, type } = step;
  if (kind === 'deleteRRset') return deletion(name, type);
  return {
    operation: kind === 'add' ? 'add' : 'delete',
    name,
    type: formatType(type),
    ttl: kind === 'add' ? step.ttl : undefined,
    get value(): RecordValue {
      return decodeRdata(type, step.rdata);
    },
  };
}

function deletion(name: Name, type: number): RequestedChange {
  return { operation: 'delete', name, type: formatType(type), ttl: undefined, value: undefined };
}

function rrsetId(name: Name, type: number): string {
  return `${type}/${name.key}`;
}
