// One update as it was asked for: read without the content of the zone, then decided on it.
import type { Address } from '@hawser/core';
import type { Decision, LiveZone } from '../../contract/live-zone.ts';
import type { DnsQuery } from '../../contract/query.ts';
import type { UpdateLease } from '../../message/edns-option.ts';
import { Rcode } from '../../numbers.ts';
import { isSigned } from '../../zone/signer-record.ts';
import type { Zone } from '../../zone/zone.ts';
import { applySteps } from './apply-steps.ts';
import { checkPrerequisites } from './check-prerequisites.ts';
import { type Permit, permitSteps } from './permit-steps.ts';
import { type Prerequisite, readPrerequisites, readSteps, type UpdateStep } from './read-update.ts';
import { grantLease, type KnownLeaseLimits, leaseEdits } from './update-lease.ts';
import type { KnownPolicy } from './update-policy.ts';
import { malformed, refused, type Verdict } from './verdict.ts';

/** What an update asks for, read and allowed. */
export interface UpdateRequest {
  readonly prerequisites: readonly Prerequisite[];
  readonly steps: readonly UpdateStep[];
  /** What may be done to this content, in steps: it may be another one than when the request was read. */
  readonly permit: (content: Zone) => Generator<number, Permit, void>;
  readonly lease: UpdateLease | undefined;
  /** False: the leases there are stay as they are. */
  readonly leasing: boolean;
}

/** What may be asked for. */
export interface RequestRules {
  readonly policy: KnownPolicy;
  /** Undefined: leases are ignored. */
  readonly leases: KnownLeaseLimits | undefined;
  /** In both sections together. */
  readonly maxRecords: number;
}

/**
 * All that can be said without the content of the zone, in steps. Who may do nothing costs next to nothing. Throws what a check
 * of the policy throws.
 */
export function* readRequest(
  { message, tsigKey, client }: DnsQuery,
  zone: LiveZone,
  { policy, leases, maxRecords }: RequestRules,
): Generator<number, UpdateRequest | Verdict, void> {
  const { answers, authorities } = message.header;
  if (answers + authorities > maxRecords) return refused('too many records');
  const lease = leases && grantLease(message, leases);
  if (lease === 'malformed') return malformed('lease');
  const { origin, snapshot } = zone;
  const prerequisites = yield* readPrerequisites(message, origin);
  if (!prerequisites.ok) return malformed('prerequisite', prerequisites.rcode);
  const steps = yield* readSteps(message, origin);
  if (!steps.ok) {
    // The prerequisites come first, and what they say (RFC 2136 §3.2, §3.4.1).
    const rcode = yield* checkPrerequisites(snapshot, prerequisites.prerequisites);
    return malformed('change', rcode || steps.rcode);
  }
  const requester = { key: tsigKey, client: hostOf(client) };
  const permitOn = (on: Zone): Generator<number, Permit, void> =>
    permitSteps(steps.steps, policy, { ...requester, zone: on });
  const first = yield* permitOn(snapshot);
  if (!first.ok) return refused(first.reason);
  const permit = function* (content: Zone): Generator<number, Permit, void> {
    // Rules look at names and types alone, and at whether there is a signer to whom some of them belong.
    const rulesAlone = policy.checks.length === 0 && isSigned(content) === isSigned(snapshot);
    return rulesAlone || content === snapshot ? first : yield* permitOn(content);
  };
  const leasing = leases !== undefined;
  return { prerequisites: prerequisites.prerequisites, steps: steps.steps, permit, lease, leasing };
}

/** What becomes of `content`, in steps: all that was asked for or nothing. */
export function* decideRequest(
  content: Zone,
  { prerequisites, steps, permit, lease, leasing }: UpdateRequest,
  { reactor }: DnsQuery,
): Generator<number, Decision<Verdict>, void> {
  const permitted = yield* permit(content);
  if (!permitted.ok) return nothing(refused(permitted.reason));
  const rcode = yield* checkPrerequisites(content, prerequisites);
  if (rcode !== Rcode.NoError) return nothing({ rcode, reason: 'prerequisite' });
  const applied = yield* applySteps(content, steps, permitted.limits);
  if (!applied.ok) return nothing(refused(applied.reason));
  const { edits, added } = applied;
  const leases = leasing ? leaseEdits(added, lease, reactor.clock) : undefined;
  return { edits, leases, result: { rcode } };
}

function nothing(result: Verdict): Decision<Verdict> {
  return { edits: [], result };
}

function hostOf(client: Address): string {
  return 'host' in client ? client.host : client.kind;
}
